// One receiver of an environment's changes, whatever carries them to it: who it is, what it sees, and how
// far it has been told. A transport derives from it and knows how to send.
//
// Thread rule: its shard. Ownership: the transport; a subscriber that is destroyed leaves the index.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"
#include "base/token_bucket.hpp"
#include "delivery/batch.hpp"
#include "delivery/receipts.hpp"
#include "domain/schema/ids.hpp"
#include "domain/schema/role.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::delivery {

struct EnvironmentSubscribers;
class ViewEvaluation;

using ClientPtr = std::shared_ptr<const domain::Client>;
/// What a client's connection says about itself; null: nothing.
using ContextPtr = std::shared_ptr<const json::object>;

/// The connection behind a subscriber, for people.
struct ConnectionName {
  std::string id;
  std::string_view transport;
};

class Subscriber {
 public:
  /// `encoder` must outlive it.
  explicit Subscriber(const BatchEncoder& encoder) noexcept : encoder_(&encoder) {}
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  virtual ~Subscriber();

  // The transport's part.
  /// Sends a batch that this subscriber's encoder made.
  virtual void send(const EncodedBatch& batch) = 0;
  /// The same; then asks the client for a proof that it has read it, if the transport can.
  virtual void send_and_confirm(const EncodedBatch& batch) { send(batch); }
  /// Sends the full state. `view` is the state as this subscriber sees it, the text of its members (see
  /// `domain::FullView`), `reason` a word for the receiver.
  virtual void send_full_state(const domain::Snapshot& state, std::string_view view,
                               std::string_view reason) = 0;
  /// The same; then asks as `send_and_confirm`.
  virtual void send_full_state_and_confirm(const domain::Snapshot& state, std::string_view view,
                                           std::string_view reason) {
    send_full_state(state, view, reason);
  }
  /// Bytes sent that the network has not taken yet.
  [[nodiscard]] virtual std::size_t backlog_bytes() const noexcept = 0;
  /// Calls `ShardDelivery::on_drained` in a later turn, if the subscriber still exists then.
  virtual void look_again_later() = 0;
  /// It is told that something may have changed for its client, and not what: `Batch::notice` and nothing
  /// else. Nothing is evaluated for it.
  [[nodiscard]] virtual bool only_notices() const noexcept { return false; }
  /// Nothing that it is sent can arrive any more.
  [[nodiscard]] virtual bool gone() const noexcept { return false; }
  /// The tag of its session, behind the offsets that it alone receives; empty: it has no session to resume.
  [[nodiscard]] virtual std::string offset_tag() const { return {}; }
  [[nodiscard]] virtual ConnectionName name() const { return {}; }
  /// Its token, client or admin may have changed in `state`: it ends, or takes its new role, or stays as is.
  virtual void recheck(const domain::Snapshot& state) = 0;

  [[nodiscard]] const BatchEncoder& encoder() const noexcept { return *encoder_; }
  void set_encoder(const BatchEncoder& encoder) noexcept { encoder_ = &encoder; }

  // Identity and view. `SubscriberIndex` gives it its place.
  [[nodiscard]] bool entered() const noexcept { return home_ != nullptr; }
  /// Its environment. Only when entered.
  [[nodiscard]] EnvironmentSubscribers& home() const noexcept { return *home_; }
  [[nodiscard]] bool is_admin() const noexcept { return admin_; }
  /// Of an admin.
  [[nodiscard]] domain::Standing role() const noexcept { return role_; }
  void set_role(domain::Standing role) noexcept { role_ = role; }
  /// The client as of what the subscriber has been told; null for admins.
  [[nodiscard]] const ClientPtr& client() const noexcept { return client_; }
  [[nodiscard]] bool active() const noexcept { return active_; }  ///< of the client
  [[nodiscard]] bool plain() const noexcept { return plain_; }    ///< the client has no overrides
  [[nodiscard]] const ContextPtr& context() const noexcept { return context_; }
  void set_context(ContextPtr context) noexcept { context_ = std::move(context); }

  // How far it has come.
  /// The revision of what it was sent last, or of the state that it began with. Changes that do not concern
  /// it leave it alone: see `SubscriberIndex::told`.
  [[nodiscard]] domain::Revision sent() const noexcept { return sent_; }
  /// The newest revision that it has confirmed; never above what it was told.
  [[nodiscard]] domain::Revision acknowledged() const noexcept { return acknowledged_; }
  /// How far the newest change that concerns it has come. `SubscriberIndex` moves it.
  [[nodiscard]] const Receipt& receipt() const noexcept { return receipt_; }
  /// That change, if it was sent and its receipt is still missing; else 0. An answer to something that is
  /// sent now proves it: see `SubscriberIndex::received`.
  [[nodiscard]] domain::Revision provable() const noexcept {
    return receipt_.stage == Stage::sent ? receipt_.revision : 0;
  }
  /// The state that it has, while it takes no more; null: it is up to date, or about to be.
  [[nodiscard]] const domain::SnapshotPtr& behind() const noexcept { return behind_; }
  /// State has to wait for it: it is merged, not queued. The kernel itself keeps about this much unsent for a
  /// connection, and a polling client between two polls is not busy.
  [[nodiscard]] bool busy() const noexcept {
    constexpr std::size_t kBusyBacklog = 16 * 1'024;
    return behind_ != nullptr || backlog_bytes() > kBusyBacklog;
  }
  /// What it is about to be told is being worked out; null: nothing is.
  [[nodiscard]] ViewEvaluation* evaluation() const noexcept { return evaluation_; }
  /// Of the full states that may be asked for, by the connection that carries this subscriber.
  [[nodiscard]] virtual TokenBucket& full_states() noexcept = 0;

 private:
  friend class PushJob;
  friend class SubscriberGroup;
  friend class SubscriberIndex;
  friend class ViewEvaluation;

  // In the order in which a push reads them.
  const BatchEncoder* encoder_;
  domain::Revision sent_ = 0;
  Receipt receipt_;
  domain::SnapshotPtr behind_;
  ClientPtr client_;
  bool active_ = false;
  bool plain_ = true;
  bool admin_ = false;
  domain::Standing role_;
  std::array<std::uint32_t, 3> places_{};  // in its groups, by their kind
  ContextPtr context_;
  EnvironmentSubscribers* home_ = nullptr;
  ViewEvaluation* evaluation_ = nullptr;
  domain::Revision acknowledged_ = 0;
};

}  // namespace togglecast::delivery
