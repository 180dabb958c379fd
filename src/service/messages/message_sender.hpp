// Messages that admins and other back ends send to connections: announcements, notifications, the status of
// the system, and stored state again. `MessageSender` is a port: the real-time entrance implements it, and
// every entrance may call it.
//
// Thread rule: plain values and pure functions. `MessageSender` may be called on any thread; `done` runs
// once, on any thread, or within the call when the request is refused. Errors: `forbidden` (only editors and
// owners may send), `not_found` for an id that the principal's environment does not have, `rate_limited`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

enum class Level : std::uint8_t { info, success, warning, error };
[[nodiscard]] std::string_view to_string(Level level) noexcept;

struct Message {
  std::string title;    ///< one line, at most 200 bytes
  std::string message;  ///< at most 4,000 bytes
  Level level = Level::info;
  std::optional<json::object> data;  ///< at most 4 KiB and 5 levels
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
/// `{title, message, level?, audience?}`; audience: `all`, `admins`, `clients`, `{package: id}`,
/// `{client: id}`, or the latter as text: `package:3`, `client:7`.
[[nodiscard]] Result<Announcement> read_announcement(const json::value& body);

struct AdminNotification {
  Message message;
  domain::Id admin = 0;              ///< 0: all admins
  std::optional<domain::Role> role;  ///< only admins of this role
};
/// `{title, message, level?, data?, admin_id?, role?}`
[[nodiscard]] Result<AdminNotification> read_admin_notification(const json::value& body);

struct ClientNotification {
  Message message;
  domain::Id client = 0;
};
/// `{client_id, title, message, level?, data?}`
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
  std::size_t connections = 0;    ///< connections that were addressed
};
using SendDone = std::function<void(Result<SendResult> outcome)>;

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
};

}  // namespace togglecast::service
