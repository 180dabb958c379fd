// What subscribers are told in one piece, and how a transport encodes it: once for each distinct content and
// form, however many subscribers receive it. Thread rule: plain values; a `SharedBatch` belongs to one shard.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "domain/state/snapshot.hpp"
#include "domain/state/view.hpp"
#include "observe/metrics.hpp"

namespace togglecast::delivery {

/// Updates in order. All carry the revision of `to`.
struct Batch {
  std::vector<domain::ViewUpdate> updates;
  domain::SnapshotPtr to;
  json::value actor;  ///< for admins: the author of the change; null when the batch covers several changes
  bool resumable =
      true;           ///< a receiver may resume from `to` afterwards, so the last update carries its offset
  std::string tag{};  ///< of the one receiver's session, for the offset; empty: for many, or for no session
};

/// A batch in the form of one transport. Immutable; any number of subscribers receive the same one.
class EncodedBatch {
 public:
  EncodedBatch() = default;
  EncodedBatch(const EncodedBatch&) = delete;
  EncodedBatch& operator=(const EncodedBatch&) = delete;
  virtual ~EncodedBatch() = default;
};

/// One form of one transport. Subscribers that share an encoder receive the same bytes.
/// Thread rule: immutable; called on any shard.
class BatchEncoder {
 public:
  virtual ~BatchEncoder() = default;
  /// `batch` has at least one update.
  [[nodiscard]] virtual std::unique_ptr<const EncodedBatch> encode(const Batch& batch) const = 0;
};

/// A batch and the forms in which it was needed so far.
class SharedBatch {
 public:
  explicit SharedBatch(Batch batch) : batch_(std::move(batch)) {}

  [[nodiscard]] bool empty() const noexcept { return batch_.updates.empty(); }
  /// Encodes and counts at the first call with this encoder.
  [[nodiscard]] const EncodedBatch& in_form_of(const BatchEncoder& encoder, observe::Counter& encoded) {
    const auto known = std::find_if(forms_.begin(), forms_.end(),
                                    [&encoder](const Form& form) { return form.first == &encoder; });
    if (known != forms_.end()) return *known->second;
    encoded.add();
    return *forms_.emplace_back(&encoder, encoder.encode(batch_)).second;
  }

 private:
  using Form = std::pair<const BatchEncoder*, std::unique_ptr<const EncodedBatch>>;

  Batch batch_;
  std::vector<Form> forms_;
};

}  // namespace togglecast::delivery
