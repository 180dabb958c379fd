// What subscribers are told in one piece, and how a transport encodes it: once for each distinct content and
// form, however many subscribers receive it. A batch may have many large updates, so its encoding may pause.
// Thread rule: plain values; a `SharedBatch` belongs to one shard.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "domain/evaluation/turn.hpp"
#include "domain/state/snapshot.hpp"
#include "domain/state/view.hpp"
#include "observe/metrics.hpp"

namespace togglecast::delivery {

using domain::evaluation::Turn;

/// Updates in order. All carry the revision of `to`.
struct Batch {
  std::vector<domain::ViewUpdate> updates{};
  domain::SnapshotPtr to{};
  json::value actor{};  ///< for admins: the author of the change; null when the batch covers several changes
  bool resumable =
      true;             ///< a receiver may resume from `to` afterwards, so the last update carries its offset
  std::string tag{};    ///< of the one receiver's session, for the offset; empty: for many, or for no session
  bool notice = false;  ///< it has no updates: it says that something may have changed up to `to`
};

// What a client or an admin is told of one update, whatever carries it: docs/protocol.md.
inline constexpr std::string_view kPlatformUpdate = "platform_update";
inline constexpr std::string_view kFeatureUpdate = "feature_update";
inline constexpr std::string_view kPackageUpdate = "package_update";
inline constexpr std::string_view kEntityUpdate = "entity_update";
inline constexpr std::string_view kClientUpdate = "client_update";

enum class Receiver : bool { client, admin };

struct UpdateEvent {
  std::string_view name;
  json::object payload;  ///< {type, <entity>_id, data, timestamp, revision, epoch, more}
};
/// The update at this place of the batch. For admins: with the entity's `etag`, and with `actor`.
[[nodiscard]] UpdateEvent update_event(const Batch& batch, std::size_t place, Receiver receiver);

/// A batch in the form of one transport. Immutable; any number of subscribers receive the same one.
class EncodedBatch {
 public:
  EncodedBatch() = default;
  EncodedBatch(const EncodedBatch&) = delete;
  EncodedBatch& operator=(const EncodedBatch&) = delete;
  virtual ~EncodedBatch() = default;
};

/// An encoding that has begun.
class Encoding {
 public:
  Encoding() = default;
  Encoding(const Encoding&) = delete;
  Encoding& operator=(const Encoding&) = delete;
  virtual ~Encoding() = default;

  /// Goes on; true when it is complete.
  [[nodiscard]] virtual bool run(Turn& turn) = 0;
  /// Once, when it is complete.
  [[nodiscard]] virtual std::unique_ptr<const EncodedBatch> take() = 0;
};

/// One form of one transport. Subscribers that share an encoder receive the same bytes.
/// Thread rule: immutable; called on any shard.
class BatchEncoder {
 public:
  virtual ~BatchEncoder() = default;
  /// `batch` has at least one update, or is a notice, and stays where it is until the encoding has ended.
  [[nodiscard]] virtual std::unique_ptr<Encoding> begin(const Batch& batch) const = 0;
  /// In one go: for a batch that is known to be small.
  [[nodiscard]] std::unique_ptr<const EncodedBatch> encode(const Batch& batch) const {
    domain::evaluation::Unhurried turn;
    const auto encoding = begin(batch);
    (void)encoding->run(turn);
    return encoding->take();
  }
};

/// A batch and the forms in which it was needed so far.
class SharedBatch {
 public:
  explicit SharedBatch(Batch batch) : batch_(std::move(batch)) {}
  SharedBatch(const SharedBatch&) = delete;
  SharedBatch& operator=(const SharedBatch&) = delete;
  ~SharedBatch() = default;

  [[nodiscard]] bool empty() const noexcept { return batch_.updates.empty() && !batch_.notice; }
  /// Encodes and counts at the first calls with this encoder. nullptr: the turn was over before.
  [[nodiscard]] const EncodedBatch* in_form_of(const BatchEncoder& encoder, observe::Counter& encoded,
                                               Turn& turn) {
    auto form = std::find_if(forms_.begin(), forms_.end(),
                             [&encoder](const Form& one) { return one.encoder == &encoder; });
    if (form == forms_.end()) form = forms_.insert(form, Form{&encoder, nullptr, nullptr});
    if (form->made == nullptr) {
      if (form->begun == nullptr) form->begun = encoder.begin(batch_);
      if (!form->begun->run(turn)) return nullptr;
      form->made = std::exchange(form->begun, nullptr)->take();
      encoded.add();
    }
    return form->made.get();
  }

 private:
  struct Form {
    const BatchEncoder* encoder;
    std::unique_ptr<Encoding> begun;
    std::unique_ptr<const EncodedBatch> made;  // null until then
  };

  Batch batch_;
  std::vector<Form> forms_;
};

}  // namespace togglecast::delivery
