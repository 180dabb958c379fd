// Messages that admins and other back ends send to connections: announcements, notifications, the status of
// the system, and stored state again. `MessageSender` is a port: the real-time entrance implements it, and
// every entrance may call it.
//
// Thread rule: plain values and pure functions. `MessageSender` may be called on any thread; `done` runs
// once, on any thread, or within the call when the request is refused. Errors: `forbidden` (only editors and
// owners may send), `not_found` for an id that the principal's environment does not have, `rate_limited`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "service/accounts/principal.hpp"
#include "storage/idempotency_key.hpp"

namespace togglecast::service {

enum class Level : std::uint8_t { info, success, warning, error };
[[nodiscard]] std::string_view to_string(Level level) noexcept;

/// How long a message waits for its acknowledgement when it does not say, and at most.
inline constexpr std::chrono::hours kUsualLife{24}, kLongestLife{30 * 24};

/// A message that wants one is kept in the store until it has it, or expires.
struct Acknowledgement {
  enum class By : std::uint8_t {
    client,      ///< any connection of a client or admin does it for all of them
    connection,  ///< each connection has to
  };
  By by = By::client;
  std::optional<std::chrono::seconds> ttl{};
  std::optional<UnixMillis> expires_at{};
  std::chrono::seconds retry{10};  ///< until the first repetition; later ones come less and less often
};
[[nodiscard]] std::string_view to_string(Acknowledgement::By by) noexcept;
/// `invalid_argument` for a time that is over, or too far away.
[[nodiscard]] Result<UnixMillis> expiry_of(const Acknowledgement& wanted, UnixMillis now);

struct Message {
  std::string title;    ///< one line, at most 200 bytes
  std::string message;  ///< at most 4,000 bytes
  Level level = Level::info;
  std::optional<json::object> data{};  ///< at most 4 KiB and 5 levels
  std::optional<Acknowledgement> ack{};
  std::optional<storage::IdempotencyKey> idempotency{};  ///< remembered with a message that is kept
};

/// The receivers of a message, within one environment.
struct Audience {
  enum class Kind : std::uint8_t { all, admins, clients, package, client };
  Kind kind = Kind::all;
  domain::Id id = 0;  ///< of the package or the client
};

struct Announcement {
  Message message;
  Audience audience;
};
/// `{title, message, level?, audience?, …}`; with `ack`, which is `client` or `connection`, also `ttl` or
/// `expires_at`, and `retry`; audience: `all`, `admins`, `clients`, `{package: id}`,
/// `{client: id}`, or the latter as text: `package:3`, `client:7`.
[[nodiscard]] Result<Announcement> read_announcement(const json::value& body);

struct AdminNotification {
  Message message;
  domain::Id admin = 0;              ///< 0: all admins
  std::optional<domain::Role> role;  ///< only admins of this role
};
/// `{title, message, level?, data?, admin_id?, role?, ack?, ttl?, expires_at?, retry?}`
[[nodiscard]] Result<AdminNotification> read_admin_notification(const json::value& body);

struct ClientNotification {
  Message message;
  domain::Id client = 0;
};
/// `{client_id, title, message, level?, data?, ack?, ttl?, expires_at?, retry?}`
[[nodiscard]] Result<ClientNotification> read_client_notification(const json::value& body);

struct SystemStatus {
  enum class Value : std::uint8_t { ok, degraded, maintenance };
  Value status = Value::ok;
  std::string message;
  json::object components;  ///< name of a component: its status
  UnixMillis at{};
};
[[nodiscard]] std::string_view to_string(SystemStatus::Value status) noexcept;
/// `{status, message?, components?: {name: status}}`
[[nodiscard]] Result<SystemStatus> read_system_status(const json::value& body);
/// `{status, message, components, timestamp}`
[[nodiscard]] json::object to_json(const SystemStatus& status);

struct ConfigSync {
  std::string reason{"requested"};
  Audience audience{Audience::Kind::clients, 0};  ///< clients, a package or a client
};
/// `{reason?, audience?}`
[[nodiscard]] Result<ConfigSync> read_config_sync(const json::value& body);

/// The outcome of a call.
struct SendResult {
  std::string id;                 ///< of the message; empty: it has none
  domain::Revision revision = 0;  ///< of the state that was sent; 0: no state was sent
  std::size_t connections = 0;    ///< connections that were addressed, at all nodes that said so in time
  std::size_t nodes = 1;          ///< so many nodes are in `connections`, this one included …
  std::vector<std::string> missing_nodes{};  ///< … and these are not: they did not answer in time
  bool replayed = false;  ///< by an earlier request under the same key, which the store remembers
};
using SendDone = std::function<void(Result<SendResult> outcome)>;
/// Adds `nodes: {counted, missing}` to an answer when there is more than one node.
void add_nodes(json::object& answer, const SendResult& sent);

/// A connection that was sent a message and has not acknowledged it.
struct OpenDelivery {
  std::int64_t receiver = 0;  ///< a client by its id, an admin by its id with a minus
  std::string connection;
  unsigned sent = 0;  ///< how often
};

class MessageSender {
 public:
  virtual ~MessageSender() = default;

  /// Sends the stored entity at the newest revision again, to every admin and to each client that sees it.
  virtual void broadcast_platform_update(const Principal& who, domain::Id id, SendDone done) = 0;
  virtual void broadcast_feature_update(const Principal& who, domain::Id id, SendDone done) = 0;
  virtual void broadcast_package_update(const Principal& who, domain::Id id, SendDone done) = 0;
  /// Sends clients their full view. For many clients, the server spreads this over a time window.
  virtual void broadcast_config_sync(const Principal& who, const ConfigSync& sync, SendDone done) = 0;
  virtual void send_admin_notification(const Principal& who, const AdminNotification& notification,
                                       SendDone done) = 0;
  virtual void send_client_notification(const Principal& who, const ClientNotification& notification,
                                        SendDone done) = 0;
  /// Sends the status to every connection. A status other than `ok` also goes to each new connection, until
  /// the next call. It is kept in memory only.
  virtual void broadcast_system_status(const Principal& who, SystemStatus status, SendDone done) = 0;
  /// `rate_limited` beyond one per second for each admin, with a small burst.
  virtual void broadcast_announcement(const Principal& who, const Announcement& announcement,
                                      SendDone done) = 0;

  using OpenDone = std::function<void(std::vector<OpenDelivery> open)>;
  /// Connections of this process, for a message that is kept.
  virtual void open_deliveries(const std::string& environment, const std::string& id, OpenDone done) = 0;
};

}  // namespace togglecast::service
