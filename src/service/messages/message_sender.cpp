#include "service/messages/message_sender.hpp"

#include <algorithm>
#include <array>

#include "domain/schema/fields.hpp"

namespace togglecast::service {
namespace {

using domain::FieldReader;

constexpr std::size_t kMaxTitle = 200;
constexpr std::size_t kMaxMessage = 4'000;
constexpr std::size_t kMaxData = 4 * 1'024;
constexpr std::size_t kMaxDataDepth = 5;
constexpr std::size_t kMaxReason = 200;
constexpr std::size_t kMaxComponents = 100;
constexpr std::size_t kMaxComponentName = 64;

template <typename Value, std::size_t N>
std::optional<Value> named(std::string_view text, const std::array<Value, N>& all) {
  for (const Value one : all)
    if (text == to_string(one)) return one;
  return std::nullopt;
}

constexpr std::array kLevels{Level::info, Level::success, Level::warning, Level::error};
constexpr std::array kStatuses{SystemStatus::Value::ok, SystemStatus::Value::degraded,
                               SystemStatus::Value::maintenance};

std::string_view text_of(const json::value& body, std::string_view name) {
  return json::string_or_empty(body, name);
}

constexpr std::array kAcknowledgers{Acknowledgement::By::client, Acknowledgement::By::connection};
constexpr std::int64_t kLongestRetry = 3'600;  // seconds

std::optional<Acknowledgement> read_acknowledgement(FieldReader& in, const json::value& body) {
  Acknowledgement wanted;
  if (in.has_value("ack")) {
    const auto by = named(text_of(body, "ack"), kAcknowledgers);
    if (!by) in.refuse("ack", "must be 'client' or 'connection'");
    wanted.by = by.value_or(Acknowledgement::By::client);
  }
  if (in.has_value("ttl")) {
    const auto ttl = in.integer("ttl", 1, std::chrono::seconds(kLongestLife).count());
    if (ttl) wanted.ttl = std::chrono::seconds(*ttl);
  }
  if (in.has_value("expires_at")) {
    wanted.expires_at = in.time("expires_at");
    if (in.has_value("ttl")) in.refuse("expires_at", "must not stand beside ttl");
  }
  if (in.has_value("retry"))
    wanted.retry = std::chrono::seconds(in.integer("retry", 1, kLongestRetry).value_or(1));
  if (in.has_value("ack")) return wanted;
  for (const char* name : {"ttl", "expires_at", "retry"})
    if (in.has_value(name)) in.refuse(name, "needs ack beside it");
  return std::nullopt;
}

Message read_message(FieldReader& in, const json::value& body, bool with_data) {
  Message message;
  in.require({"title", "message"});
  message.title = in.line("title", kMaxTitle).value_or("");
  const auto text = in.text("message", kMaxMessage);
  if (text && text->empty()) in.refuse("message", "must not be empty");
  message.message = text.value_or("");
  if (in.has_value("level")) {
    const auto level = named(text_of(body, "level"), kLevels);
    if (!level) in.refuse("level", "must be 'info', 'success', 'warning' or 'error'");
    message.level = level.value_or(Level::info);
  }
  if (with_data && in.has_value("data")) message.data = in.object("data", kMaxData, kMaxDataDepth);
  message.ack = read_acknowledgement(in, body);
  return message;
}

tl::unexpected<Error> refuse_audience() {
  return fail(Errc::invalid_argument,
              "must be 'all', 'admins', 'clients', {\"package\": id} or {\"client\": id}");
}

// A package or a client is named by its id alone: keys may look like ids.
Result<Audience> numbered(std::string_view kind, domain::Id id) {
  if (kind != "package" && kind != "client") return refuse_audience();
  if (!domain::is_id(id))
    return fail(Errc::invalid_argument, "must name the " + std::string(kind) + " by its id, such as '" +
                                            std::string(kind) + ":7'; an audience takes no keys");
  return Audience{kind == "package" ? Audience::Kind::package : Audience::Kind::client, id};
}

Result<Audience> read_audience(const json::value& value) {
  using To = Audience::Kind;
  if (const auto* text = value.if_string()) {
    if (*text == "all") return Audience{To::all, 0};
    if (*text == "admins") return Audience{To::admins, 0};
    if (*text == "clients") return Audience{To::clients, 0};
    const std::string_view whole = *text;
    const std::size_t colon = std::min(whole.find(':'), whole.size());
    return numbered(whole.substr(0, colon),
                    domain::parse_id(whole.substr(std::min(colon + 1, whole.size()))));
  }
  const auto* object = value.if_object();
  if (object == nullptr || object->size() != 1) return refuse_audience();
  return numbered(object->begin()->key(), domain::integer_in(object->begin()->value()).value_or(0));
}

Audience audience_of(FieldReader& in, const json::value& body, const Audience& otherwise) {
  if (!in.has_value("audience")) return otherwise;
  const auto audience = read_audience(body.at("audience"));
  if (!audience) in.refuse("audience", audience.error().message);
  return audience.value_or(otherwise);
}

json::object read_components(FieldReader& in) {
  const auto components = in.object("components", kMaxData, 1);
  if (!components) return {};
  if (components->size() > kMaxComponents) {
    in.refuse("components", "must have at most " + std::to_string(kMaxComponents) + " members");
    return {};
  }
  for (const auto& component : *components) {
    const auto* status = component.value().if_string();
    if (component.key().empty() || component.key().size() > kMaxComponentName || status == nullptr ||
        !named(*status, kStatuses)) {
      in.refuse("components", "must map names of 1 to 64 bytes to 'ok', 'degraded' or 'maintenance'");
      return {};
    }
  }
  return *components;
}

}  // namespace

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::info:
      return "info";
    case Level::success:
      return "success";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "";
}

std::string_view to_string(Acknowledgement::By by) noexcept {
  switch (by) {
    case Acknowledgement::By::client:
      return "client";
    case Acknowledgement::By::connection:
      return "connection";
  }
  return "";
}

Result<UnixMillis> expiry_of(const Acknowledgement& wanted, UnixMillis now) {
  const auto in = [now](std::chrono::seconds life) {
    return UnixMillis{now.value + Milliseconds(life).count()};
  };
  if (!wanted.expires_at) return in(wanted.ttl.value_or(kUsualLife));
  if (*wanted.expires_at <= now) return fail_field("/expires_at", "must not be over");
  if (*wanted.expires_at > in(kLongestLife)) return fail_field("/expires_at", "must be within 30 days");
  return *wanted.expires_at;
}

std::string_view to_string(SystemStatus::Value status) noexcept {
  switch (status) {
    case SystemStatus::Value::ok:
      return "ok";
    case SystemStatus::Value::degraded:
      return "degraded";
    case SystemStatus::Value::maintenance:
      return "maintenance";
  }
  return "";
}

Result<Announcement> read_announcement(const json::value& body) {
  FieldReader in(body);
  Announcement announcement;
  announcement.message = read_message(in, body, false);
  announcement.audience = audience_of(in, body, {Audience::Kind::all, 0});
  return in.finish(std::move(announcement));
}

Result<AdminNotification> read_admin_notification(const json::value& body) {
  FieldReader in(body);
  AdminNotification notification;
  notification.message = read_message(in, body, true);
  if (in.has_value("admin_id")) notification.admin = in.id("admin_id").value_or(0);
  if (in.has_value("role")) {
    notification.role = domain::parse_role(text_of(body, "role"));
    if (!notification.role || notification.role == domain::Role::none)
      in.refuse("role", "must be 'viewer', 'editor' or 'owner'");
  }
  return in.finish(std::move(notification));
}

Result<ClientNotification> read_client_notification(const json::value& body) {
  FieldReader in(body);
  ClientNotification notification;
  notification.message = read_message(in, body, true);
  in.require({"client_id"});
  notification.client = in.id("client_id").value_or(0);
  return in.finish(std::move(notification));
}

Result<SystemStatus> read_system_status(const json::value& body) {
  FieldReader in(body);
  SystemStatus status;
  in.require({"status"});
  const auto value = named(text_of(body, "status"), kStatuses);
  if (!value && json::find(body, "status") != nullptr)
    in.refuse("status", "must be 'ok', 'degraded' or 'maintenance'");
  status.status = value.value_or(SystemStatus::Value::ok);
  if (in.has_value("message")) status.message = in.text("message", kMaxMessage).value_or("");
  if (in.has_value("components")) status.components = read_components(in);
  return in.finish(std::move(status));
}

json::object to_json(const SystemStatus& status) {
  return {{"status", to_string(status.status)},
          {"message", status.message},
          {"components", status.components},
          {"timestamp", to_iso8601(status.at)}};
}

void add_nodes(json::object& answer, const SendResult& sent) {
  if (sent.nodes == 1 && sent.missing_nodes.empty()) return;
  json::array missing;
  for (const std::string& name : sent.missing_nodes) missing.emplace_back(name);
  answer["nodes"] = json::object{{"counted", sent.nodes}, {"missing", std::move(missing)}};
}

Result<ConfigSync> read_config_sync(const json::value& body) {
  FieldReader in(body);
  ConfigSync sync;
  if (in.has_value("reason")) sync.reason = in.line("reason", kMaxReason).value_or("");
  sync.audience = audience_of(in, body, sync.audience);
  if (sync.audience.kind == Audience::Kind::all || sync.audience.kind == Audience::Kind::admins)
    in.refuse("audience",
              "must be 'clients', {\"package\": id} or {\"client\": id}; admins get no config_sync here");
  return in.finish(std::move(sync));
}

}  // namespace togglecast::service
