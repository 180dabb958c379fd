#include "app/probe/run.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "base/random.hpp"
#include "domain/schema/weight.hpp"

namespace togglecast::app::probe {
namespace {

namespace event = realtime::event;
using Transport = ProbeSocket::Transport;

constexpr std::string_view kApi = "/api/v1/";
constexpr std::string_view kTitle = "togglecast probe";
constexpr std::string_view kText = "A test message of togglecast probe. Nothing needs to be done.";
constexpr std::size_t kKeyBytes = 6;
constexpr int kShortTokenSeconds = 6;  // half of it until token_expiring
constexpr int kTokenSeconds = 900;
constexpr domain::Id kClientConnections = 2;
constexpr int kLooksAtARollout = 100;
constexpr Milliseconds kBetweenLooks{100};

double ms_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

domain::Id id_in(const json::value& value, std::string_view member) {
  const json::value* found = json::find(value, member);
  return found == nullptr ? 0 : domain::integer_in(*found).value_or(0);
}

ProbeSocket::Wanted about(std::string_view member, domain::Id id, std::string_view type = {}) {
  return [member = std::string(member), id, type = std::string(type)](const json::value& data) {
    return id_in(data, member) == id && (type.empty() || json::string_or_empty(data, "type") == type);
  };
}

ProbeSocket::Wanted titled() {
  return [](const json::value& data) { return json::string_or_empty(data, "title") == kTitle; };
}

std::string path_of(std::string_view collection, domain::Id id, std::string_view more = {}) {
  return std::string(collection) + '/' + std::to_string(id) + std::string(more);
}

std::string new_key() {
  SystemRandom random;
  std::string key = std::string(kPrefix) + random_token(random, kKeyBytes);
  return key;
}

}  // namespace

Run::Run(Loop& loop, const Target& target, RunOptions options)
    : loop_(loop),
      target_(target),
      options_(std::move(options)),
      rest_(loop, target),
      key_(new_key()),
      admin_{"admin websocket",
             std::make_unique<ProbeSocket>(loop, target, Transport::websocket, std::string(event::kAdmin))},
      admin_polling_{"admin polling", std::make_unique<ProbeSocket>(loop, target, Transport::polling,
                                                                    std::string(event::kAdmin))},
      client_{"client websocket",
              std::make_unique<ProbeSocket>(loop, target, Transport::websocket, std::string(event::kClient))},
      client_polling_{"client polling", std::make_unique<ProbeSocket>(loop, target, Transport::polling,
                                                                      std::string(event::kClient))},
      client_token_(options_.client_token),
      own_client_(options_.client_token.empty()) {
  rest_.use_token(options_.admin_token);
}

bool Run::measured(std::string_view where, std::string_view step, Events events,
                   const std::function<Result<double>()>& act) {
  if (loop_.interrupted()) return false;
  const auto ms = act();
  if (ms) {
    report_.passed(where, step, events, *ms);
  } else if (!loop_.interrupted()) {
    report_.failed(where, step, ms.error().message);
  }
  return ms.has_value();
}

Result<Rest::Reply> Run::rest(std::string_view method, const std::string& path, const json::value& body) {
  return rest_.call(method, std::string(kApi) + path, body);
}

json::object Run::auth_of(const Secret& token) const { return {{"token", token.reveal()}}; }

void Run::all_steps() {
  if (!check_server() || !connect_admins() || !make_entities() || !connect_clients()) return;
  make_asset();
  make_messages();
  for (Place* place : {&admin_, &admin_polling_}) requests_of(*place, event::kAdminRequests);
  for (Place* place : {&client_, &client_polling_}) requests_of(*place, event::kClientRequests);
  announcements();
  subscriptions();
  pushes();
  platform_pushes();
  catch_up();
  broadcasts();
  system_status();
  receipts();
  for (const auto transport : {Transport::websocket, Transport::polling}) {
    resume(transport, false);
    resume(transport, true);
  }
  ends_of_tokens();
}

bool Run::check_server() {
  for (const char* path : {"/healthz", "/readyz"}) {
    const bool good = measured("http", path, {}, [&]() -> Result<double> {
      return rest_.call("GET", path).map([](const Rest::Reply& reply) {
        return ms_between(reply.sent_at, Loop::now());
      });
    });
    if (!good) return false;
  }
  return true;
}

bool Run::connect_admins() {
  const bool connected = measured(admin_.name, "connect", {"admin_connected"}, [&]() -> Result<double> {
    const TimePoint began = Loop::now();
    if (auto ok = admin_.socket->connect(auth_of(options_.admin_token)); !ok)
      return tl::unexpected(ok.error());
    const auto hello = admin_.socket->next("admin_connected");
    if (!hello) return tl::unexpected(hello.error());
    if (const json::value* admin = json::find(hello->data, "admin")) admin_id_ = id_in(*admin, "id");
    return ms_between(began, hello->at);
  });
  if (!connected) return false;
  const bool polls =
      measured(admin_polling_.name, "connect, then admin_connect", {"admin_connect", "admin_connected"},
               [&]() -> Result<double> {
                 const TimePoint began = Loop::now();
                 if (auto ok = admin_polling_.socket->connect({}); !ok) return tl::unexpected(ok.error());
                 admin_polling_.socket->emit("admin_connect", auth_of(options_.admin_token));
                 return admin_polling_.socket->next("admin_connected").map([&](const Heard& hello) {
                   return ms_between(began, hello.at);
                 });
               });
  if (!polls) return false;
  const auto dashboard = admin_.socket->ask("request_dashboard_update", json::object{});
  const json::value* connections = dashboard ? json::find(*dashboard, "connections") : nullptr;
  const auto others =
      connections == nullptr ? 1 : id_in(*connections, "admins") + id_in(*connections, "clients") - 2;
  if (others > 0 && !options_.everyone)
    not_alone_ =
        std::to_string(others) + " other connections would notice it; --everyone does it all the same";
  return true;
}

Result<domain::Id> Run::create(std::string_view collection, json::object body) {
  made_ = true;
  auto made = rest("POST", std::string(collection), std::move(body));
  if (!made) return tl::unexpected(made.error());
  return id_in(made->body, "id");
}

// Each step is a change that an admin's page hears of.
bool Run::make_entities() {
  const auto make = [&](std::string_view collection, std::string_view named, json::object body,
                        domain::Id& id, std::string_view kind) {
    admin_.socket->forget();
    const TimePoint began = Loop::now();
    const std::string step = "create a " + std::string(kind);
    return measured(admin_.name, step, {named, "activity"}, [&]() -> Result<double> {
      const auto made = create(collection, std::move(body));
      if (!made) return tl::unexpected(made.error());
      id = *made;
      const bool entity = named == event::kEntityUpdate;
      const auto heard = admin_.socket->next(
          named, about(entity ? std::string_view("entity_id") : std::string(kind) + "_id", id, "create"));
      if (!heard) return tl::unexpected(heard.error());
      const auto activity = admin_.socket->next(event::kActivity);
      if (!activity) return tl::unexpected(activity.error());
      return ms_between(began, heard->at);
    });
  };
  if (!make("features", event::kFeatureUpdate, {{"key", key_}, {"name", kTitle}}, feature_, "feature"))
    return false;
  const json::object assignment{{"feature_id", feature_}};
  if (own_client_ &&
      !make("packages", event::kPackageUpdate,
            {{"key", key_}, {"name", kTitle}, {"features", json::array{assignment}}}, package_, "package"))
    return false;
  if (own_client_ && !make("clients", event::kEntityUpdate,
                           {{"key", key_}, {"name", kTitle}, {"package_id", package_}}, client_id_, "client"))
    return false;
  return own_client_ ? make_client() : true;
}

bool Run::make_client() {
  return measured("http", "issue a token", {}, [&]() -> Result<double> {
    auto issued = rest("POST", path_of("clients", client_id_, "/tokens"),
                       json::object{{"label", kTitle}, {"expires_in", kTokenSeconds}});
    if (!issued) return tl::unexpected(issued.error());
    client_token_ = Secret(std::string(json::string_or_empty(issued->body, "token")));
    return ms_between(issued->sent_at, Loop::now());
  });
}

bool Run::connect_clients() {
  const bool connected = measured(client_.name, "connect", {"client_connected"}, [&]() -> Result<double> {
    const TimePoint began = Loop::now();
    if (auto ok = client_.socket->connect(auth_of(client_token_)); !ok) return tl::unexpected(ok.error());
    const auto hello = client_.socket->next("client_connected");
    if (!hello) return tl::unexpected(hello.error());
    if (const json::value* client = json::find(hello->data, "client")) client_id_ = id_in(*client, "id");
    return ms_between(began, hello->at);
  });
  if (!connected) return false;
  if (!own_client_) {  // no package of its own: the client sees the feature by an override
    const auto seen = rest("PUT", path_of("clients", client_id_, path_of("/overrides", feature_)),
                           json::object{{"value", true}, {"reason", kTitle}});
    if (!seen) {
      report_.failed("http", "show the feature to the client", seen.error().message);
      return false;
    }
  }
  return measured(client_polling_.name, "connect, then client_connect",
                  {"client_connect", "client_connected"}, [&]() -> Result<double> {
                    const TimePoint began = Loop::now();
                    if (auto ok = client_polling_.socket->connect({}); !ok) return tl::unexpected(ok.error());
                    client_polling_.socket->emit("client_connect", auth_of(client_token_));
                    return client_polling_.socket->next("client_connected").map([&](const Heard& hello) {
                      return ms_between(began, hello.at);
                    });
                  });
}

void Run::make_asset() {
  for (Place* place : {&admin_, &client_, &client_polling_}) place->socket->forget();
  const auto put = rest_.put(std::string(kApi) + path_of("features", feature_, "/assets/probe"), "text/plain",
                             std::string(kText));
  if (!put) return report_.failed("http", "put an asset", put.error().message);
  report_.passed("http", "put an asset", {}, ms_between(put->sent_at, Loop::now()));
  const json::value* assets = json::find(put->body, "assets");
  const json::value* mine = assets == nullptr ? nullptr : json::find(*assets, "probe");
  if (mine != nullptr) asset_ = json::string_or_empty(*mine, "sha256");
  for (Place* place : {&admin_, &client_, &client_polling_})
    measured(place->name, "put an asset: feature_update", {event::kFeatureUpdate}, [&]() -> Result<double> {
      return place->socket->next(event::kFeatureUpdate, about("feature_id", feature_))
          .map([&](const Heard& heard) { return ms_between(put->sent_at, heard.at); });
    });
}

void Run::make_messages() {
  const auto send = [&](std::string_view name, json::object body, Place& to, std::string_view heard_as,
                        std::string& id) {
    to.socket->forget();
    body["title"] = kTitle;
    body["message"] = kText;
    body["ack"] = "client";
    body["ttl"] = kTokenSeconds;
    measured(to.name, "message with acknowledgement", {heard_as, name}, [&]() -> Result<double> {
      const auto sent = rest("POST", "broadcasts/" + std::string(name), std::move(body));
      if (!sent) return tl::unexpected(sent.error());
      id = json::string_or_empty(sent->body, "id");
      const auto is_it = [&id](const json::value& data) { return json::string_or_empty(data, "id") == id; };
      return to.socket->next(heard_as, is_it).map([&](const Heard& heard) {
        return ms_between(sent->sent_at, heard.at);
      });
    });
  };
  send("send_client_notification", {{"client_id", client_id_}}, client_, event::kClientNotification,
       client_message_);
  send("send_admin_notification", {{"admin_id", admin_id_}}, admin_, event::kAdminNotification,
       admin_message_);
}

json::value Run::argument_of(std::string_view name, bool of_admin) const {
  if (name == event::kAssetGet.name) return json::object{{"sha256", asset_}};
  if (name == event::kMessageAck.name)
    return json::object{{"id", of_admin ? admin_message_ : client_message_}};
  const json::object feature{{"entity_type", "feature"}, {"entity_id", feature_}};
  if (name == event::kAdminConnect.name) return auth_of(options_.admin_token);
  if (name == event::kClientConnect.name) return auth_of(client_token_);
  if (name == event::kConfigCheck.name || name == event::kDashboard.name ||
      name == event::kSystemMetrics.name || name == event::kHeartbeat.name || name == event::kConfigAck.name)
    return json::object{};
  if (name == event::kActivityFeed.name) return json::object{{"limit", 5}};
  if (name == event::kSubscribe.name || name == event::kUnsubscribe.name) return feature;
  if (name == event::kFeatureCheck.name) return json::object{{"feature", feature_}};
  if (name == event::kReportMetrics.name)
    return json::object{{"metrics", json::array{json::object{{"name", "togglecast_probe"}, {"value", 1}}}}};
  return nullptr;
}

void Run::requests_of(Place& place, std::span<const event::Request> requests) {
  ProbeSocket& socket = *place.socket;
  for (const event::Request& request : requests) {
    if (request.name == event::kAnnounce.name || request.name == event::kConfigAck.name)
      continue;  // they have steps of their own
    const json::value argument = argument_of(request.name, &place == &admin_ || &place == &admin_polling_);
    if (argument.is_null()) {
      report_.failed(place.name, request.name, "this probe does not know the event");
      continue;
    }
    for (std::size_t round = 0; round < options_.rounds; ++round) {
      const bool good = measured(place.name, request.name, {request.name}, [&]() -> Result<double> {
        const TimePoint began = Loop::now();
        return socket.ask(request.name, argument).map([&](const json::value&) {
          return ms_between(began, Loop::now());
        });
      });
      if (!good) break;
    }
    if (request.reply.empty()) continue;
    const std::string step = std::string(request.name) + " → " + std::string(request.reply);
    measured(place.name, step, {request.name, request.reply}, [&]() -> Result<double> {
      socket.forget();
      const TimePoint began = Loop::now();
      socket.emit(request.name, argument);
      return socket.next(request.reply).map([&](const Heard& heard) { return ms_between(began, heard.at); });
    });
  }
}

// One announcement in each way: admins may send one a second.
void Run::announcements() {
  const json::object announcement{
      {"title", kTitle}, {"message", kText}, {"audience", json::object{{"client", client_id_}}}};
  for (Place* from : {&admin_, &admin_polling_}) {
    for (const bool acknowledged : {true, false}) {
      for (Place* to : {&client_, &client_polling_}) to->socket->forget();
      from->socket->forget();
      const TimePoint began = Loop::now();
      const bool sent = measured(
          from->name,
          acknowledged ? std::string("broadcast_announcement") : "broadcast_announcement → announcement_sent",
          {"broadcast_announcement", acknowledged ? "broadcast_announcement" : "announcement_sent"},
          [&]() -> Result<double> {
            if (acknowledged)
              return from->socket->ask("broadcast_announcement", announcement).map([&](const json::value&) {
                return ms_between(began, Loop::now());
              });
            from->socket->emit("broadcast_announcement", announcement);
            return from->socket->next("announcement_sent").map([&](const Heard& heard) {
              return ms_between(began, heard.at);
            });
          });
      if (!sent) continue;
      for (Place* to : {&client_, &client_polling_})
        measured(to->name, "announcement", {"announcement"}, [&]() -> Result<double> {
          return to->socket->next("announcement", titled()).map([&](const Heard& heard) {
            return ms_between(began, heard.at);
          });
        });
    }
  }
}

void Run::subscriptions() {
  const json::object feature{{"entity_type", "feature"}, {"entity_id", feature_}};
  admin_.socket->forget();
  measured(admin_.name, "subscribe: entity_presence", {"subscribe_entity_updates", "entity_presence"},
           [&]() -> Result<double> {
             const TimePoint began = Loop::now();
             auto subscribed = admin_.socket->ask("subscribe_entity_updates", feature);
             if (!subscribed) return tl::unexpected(subscribed.error());
             return admin_.socket->next(event::kEntityPresence, about("entity_id", feature_))
                 .map([&](const Heard& heard) { return ms_between(began, heard.at); });
           });
}

void Run::push(std::string_view step, std::string_view method, const std::string& path,
               const json::value& body, std::string_view name, const ProbeSocket::Wanted& wanted,
               std::initializer_list<Place*> hearers, std::string_view also) {
  if (loop_.interrupted()) return;
  for (Place* place : {&admin_, &admin_polling_, &client_, &client_polling_}) place->socket->forget();
  const auto reply = rest(method, path, body);
  if (!reply) {
    if (!loop_.interrupted()) report_.failed("http", step, reply.error().message);
    return;
  }
  report_.passed("http", step, {}, ms_between(reply->sent_at, Loop::now()));
  for (Place* place : hearers) {
    const std::string heard_step = std::string(step) + ": " + std::string(name);
    measured(place->name, heard_step, {name, also.empty() ? name : also}, [&]() -> Result<double> {
      return place->socket->next(name, wanted).map([&](const Heard& heard) {
        return ms_between(reply->sent_at, heard.at);
      });
    });
  }
}

void Run::pushes() {
  for (std::size_t round = 0; round < options_.rounds; ++round) {
    push("toggle the feature", "POST", path_of("features", feature_, "/toggle"), nullptr,
         event::kFeatureUpdate, about("feature_id", feature_, "toggle"),
         {&admin_, &admin_polling_, &client_, &client_polling_});
    measured(admin_.name, "toggle the feature: activity", {event::kActivity}, [&]() -> Result<double> {
      const auto update = admin_.socket->next(event::kFeatureUpdate);
      if (!update) return tl::unexpected(update.error());
      return admin_.socket->next(event::kActivity).map([&](const Heard& heard) {
        return std::max(0.0, ms_between(update->at, heard.at));
      });
    });
  }
  if (!own_client_) {
    const std::string reason = "the client of --client-token is not changed";
    report_.skipped(client_.name, "change the package", reason);
    report_.skipped(client_.name, "rename the client", reason);
    return;
  }
  push("change the package", "PATCH", path_of("packages", package_),
       json::object{{"price", json::object{{"amount", 1}, {"currency", "EUR"}}}}, event::kPackageUpdate,
       about("package_id", package_), {&admin_, &client_, &client_polling_});
  push("rename the client", "PATCH", path_of("clients", client_id_),
       json::object{{"name", std::string(kTitle) + " 2"}}, event::kClientUpdate, {},
       {&client_, &client_polling_});
  push("rename the client again", "PATCH", path_of("clients", client_id_), json::object{{"name", kTitle}},
       event::kEntityUpdate, about("entity_id", client_id_), {&admin_, &admin_polling_});
}

// Clients on packages that name no platforms see every platform, so others would notice these steps.
void Run::platform_pushes() {
  if (!not_alone_.empty()) return report_.skipped("http", "make and remove a platform", not_alone_);
  domain::Id platform = 0;
  for (Place* place : {&admin_, &admin_polling_, &client_, &client_polling_}) place->socket->forget();
  const TimePoint began = Loop::now();
  const auto made = create("platforms", {{"key", key_}, {"name", kTitle}, {"enabled", false}});
  if (!made) return report_.failed("http", "create a platform", made.error().message);
  platform = *made;
  std::vector<Place*> hearers{&admin_, &admin_polling_};
  if (own_client_) hearers.insert(hearers.end(), {&client_, &client_polling_});
  for (Place* place : hearers) {
    measured(place->name, "create a platform: platform_update", {event::kPlatformUpdate},
             [&]() -> Result<double> {
               return place->socket->next(event::kPlatformUpdate, about("platform_id", platform, "create"))
                   .map([&](const Heard& heard) { return ms_between(began, heard.at); });
             });
  }
  push("broadcast_platform_update", "POST", "broadcasts/broadcast_platform_update",
       json::object{{"platform_id", platform}}, event::kPlatformUpdate, about("platform_id", platform),
       {&admin_}, "broadcast_platform_update");
  push("delete the platform", "DELETE", path_of("platforms", platform), nullptr, event::kPlatformUpdate,
       about("platform_id", platform, "delete"), {&admin_, &admin_polling_});
}

// A client that missed changes asks for them by its revision.
void Run::catch_up() {
  const auto before = client_.socket->ask("heartbeat", json::object{});
  if (!before) return report_.failed(client_.name, "config_check: catch-up", before.error().message);
  const domain::Id revision = id_in(*before, "revision");
  for (const char* name : {"togglecast probe, renamed", "togglecast probe"}) {
    client_.socket->forget();
    client_polling_.socket->forget();
    const auto renamed = rest("PATCH", path_of("features", feature_), json::object{{"name", name}});
    if (!renamed) return report_.failed("http", "rename the feature", renamed.error().message);
    for (Place* place : {&client_, &client_polling_})
      if (auto heard = place->socket->next(event::kFeatureUpdate, about("feature_id", feature_)); !heard)
        return report_.failed(place->name, "rename the feature: feature_update", heard.error().message);
    if (name != std::string_view("togglecast probe, renamed")) break;
    for (Place* place : {&client_, &client_polling_}) {
      place->socket->forget();
      measured(place->name, "config_check: catch-up", {"config_check", event::kFeatureUpdate},
               [&]() -> Result<double> {
                 const TimePoint began = Loop::now();
                 const auto status = place->socket->ask("config_check", json::object{{"revision", revision}});
                 if (!status) return tl::unexpected(status.error());
                 const json::value* current = json::find(*status, "up_to_date");
                 if (current == nullptr || !current->is_bool() || current->get_bool())
                   return fail(Errc::conflict, "config_check did not say that a change was missed");
                 return place->socket->next(event::kFeatureUpdate, about("feature_id", feature_))
                     .map([&](const Heard& heard) { return ms_between(began, heard.at); });
               });
    }
  }
}

void Run::broadcasts() {
  push("broadcast_feature_update", "POST", "broadcasts/broadcast_feature_update",
       json::object{{"feature_id", feature_}}, event::kFeatureUpdate, about("feature_id", feature_),
       {&admin_, &client_, &client_polling_}, "broadcast_feature_update");
  if (own_client_)
    push("broadcast_package_update", "POST", "broadcasts/broadcast_package_update",
         json::object{{"package_id", package_}}, event::kPackageUpdate, about("package_id", package_),
         {&admin_, &client_, &client_polling_}, "broadcast_package_update");
  push("broadcast_config_sync", "POST", "broadcasts/broadcast_config_sync",
       json::object{{"reason", kTitle}, {"audience", json::object{{"client", client_id_}}}},
       event::kConfigSync, {}, {&client_, &client_polling_}, "broadcast_config_sync");
  push("send_client_notification", "POST", "broadcasts/send_client_notification",
       json::object{{"client_id", client_id_}, {"title", kTitle}, {"message", kText}},
       event::kClientNotification, titled(), {&client_, &client_polling_}, "send_client_notification");
  push("send_admin_notification", "POST", "broadcasts/send_admin_notification",
       json::object{{"admin_id", admin_id_}, {"title", kTitle}, {"message", kText}},
       event::kAdminNotification, titled(), {&admin_, &admin_polling_}, "send_admin_notification");
}

// The present status once more, so that nothing changes.
void Run::system_status() {
  if (!not_alone_.empty()) return report_.skipped("http", "broadcast_system_status", not_alone_);
  const auto dashboard = admin_.socket->ask("request_dashboard_update", json::object{});
  const json::value* present = dashboard ? json::find(*dashboard, "system_status") : nullptr;
  if (present == nullptr || !present->is_object())
    return report_.failed("http", "broadcast_system_status", "the dashboard does not say the present status");
  json::object status;
  for (const char* member : {"status", "message", "components"})
    if (const json::value* value = json::find(*present, member); value != nullptr && !value->is_null())
      status[member] = *value;
  push("broadcast_system_status", "POST", "broadcasts/broadcast_system_status", std::move(status),
       event::kSystemStatus, {}, {&admin_, &admin_polling_, &client_, &client_polling_},
       "broadcast_system_status");
}

// A change, and the way of its receipts back to the admin who watches it. Other clients need not answer.
void Run::receipts() {
  admin_.socket->forget();
  const auto change = rest("POST", path_of("features", feature_, "/toggle?confirm=true"));
  if (!change) return report_.failed("http", "toggle the feature", change.error().message);
  const domain::Id revision = id_in(change->body, "revision");
  measured(admin_.name, "subscribe to the change", {event::kSubscribe.name}, [&]() -> Result<double> {
    const TimePoint began = Loop::now();
    return admin_.socket
        ->ask(event::kSubscribe.name, json::object{{"entity_type", "change"}, {"entity_id", revision}})
        .map([&](const json::value&) { return ms_between(began, Loop::now()); });
  });
  for (Place* place : {&client_, &client_polling_}) {
    (void)place->socket->next(event::kFeatureUpdate, [revision](const json::value& data) {
      return id_in(data, "revision") >= revision;
    });
    measured(place->name, "config_ack", {event::kConfigAck.name}, [&]() -> Result<double> {
      const TimePoint began = Loop::now();
      const auto receipt = place->socket->ask(event::kConfigAck.name, json::object{{"revision", revision}});
      if (!receipt) return tl::unexpected(receipt.error());
      if (id_in(*receipt, "revision") < revision)
        return fail(Errc::conflict,
                    "the server did not take the receipt of revision " + std::to_string(revision));
      return ms_between(began, Loop::now());
    });
  }
  for (const char* stage : {"sent", "received", "applied"})
    measured("http", "rollout: " + std::string(stage), {}, [&]() -> Result<double> {
      return wait_for_stage(revision, stage).map([&](TimePoint at) {
        return ms_between(change->sent_at, at);
      });
    });
  measured(admin_.name, "config_ack: rollout_progress", {event::kRolloutProgress}, [&]() -> Result<double> {
    const auto done = [revision](const json::value& data) {
      return id_in(data, "revision") == revision && id_in(data, "acknowledged") >= kClientConnections;
    };
    return admin_.socket->next(event::kRolloutProgress, done).map([&](const Heard& heard) {
      return ms_between(change->sent_at, heard.at);
    });
  });
}

Result<TimePoint> Run::wait_for_stage(domain::Id revision, const char* stage) {
  for (int attempt = 0; attempt < kLooksAtARollout; ++attempt) {
    const auto rollout = rest("GET", path_of("changes", revision, "/rollout"));
    if (!rollout) return tl::unexpected(rollout.error());
    const json::value* stages = json::find(rollout->body, "stages");
    const json::value* counts = stages == nullptr ? nullptr : json::find(*stages, stage);
    if (counts != nullptr && id_in(*counts, "connections") >= kClientConnections) return Loop::now();
    (void)loop_.wait_for(kBetweenLooks, [] { return false; });
    if (loop_.interrupted()) return fail(Errc::unavailable, "interrupted");
  }
  return fail(Errc::timeout,
              "the rollout does not say that all connections are at the stage " + std::string(stage));
}

// The connection is cut, and comes back as a stock client does.
void Run::resume(Transport transport, bool of_admin) {
  const std::string_view nsp = of_admin ? event::kAdmin : event::kClient;
  const std::string where = std::string(of_admin ? "admin" : "client") +
                            (transport == Transport::websocket ? " websocket" : " polling");
  const std::string_view resumed = of_admin ? "admin_resumed" : "client_resumed";
  const std::string_view connected = of_admin ? "admin_connected" : "client_connected";
  const Secret& token = of_admin ? options_.admin_token : client_token_;
  if (loop_.interrupted()) return;
  ProbeSocket first(loop_, target_, transport, std::string(nsp));
  if (auto ok = first.connect(auth_of(token)); !ok)
    return report_.failed(where, "resume", ok.error().message);
  if (auto hello = first.next(connected); !hello)
    return report_.failed(where, "resume", hello.error().message);
  const auto change = rest("POST", path_of("features", feature_, "/toggle"));
  if (!change) return report_.failed("http", "toggle the feature", change.error().message);
  if (auto heard = first.next(event::kFeatureUpdate); !heard)
    return report_.failed(where, "resume", heard.error().message);
  json::object auth = auth_of(token);
  for (auto& member : first.resumption()) auth[member.key()] = member.value();
  if (!auth.contains("pid"))
    return report_.skipped(where, "resume", "this server gives no pid, so clients get the whole state again");
  first.cut();
  measured(where, "resume", {resumed}, [&]() -> Result<double> {
    ProbeSocket second(loop_, target_, transport, std::string(nsp));
    const TimePoint began = Loop::now();
    if (auto ok = second.connect(std::move(auth)); !ok) return tl::unexpected(ok.error());
    const auto answer = second.next_of({resumed, connected});
    if (!answer) return tl::unexpected(answer.error());
    if (*answer != resumed)
      return fail(Errc::conflict,
                  "not resumed: " + std::string(connected) + " brought the whole state again");
    const TimePoint at = second.find(resumed)->at;
    second.leave();
    return ms_between(began, at);
  });
}

// Of tokens of its own client: one that runs out, and one that is withdrawn.
void Run::ends_of_tokens() {
  if (!own_client_)
    return report_.skipped(client_.name, "token_expiring, session_ended",
                           "tokens of --client-token stay as they are");
  const auto connect_with = [&](int seconds, domain::Id& id) -> std::unique_ptr<ProbeSocket> {
    const auto issued = rest("POST", path_of("clients", client_id_, "/tokens"),
                             json::object{{"label", kTitle}, {"expires_in", seconds}});
    if (!issued) {
      report_.failed("http", "issue a token", issued.error().message);
      return nullptr;
    }
    id = id_in(issued->body, "id");
    auto socket =
        std::make_unique<ProbeSocket>(loop_, target_, Transport::websocket, std::string(event::kClient));
    const auto ok =
        socket->connect(auth_of(Secret(std::string(json::string_or_empty(issued->body, "token")))));
    if (ok) return socket;
    report_.failed(client_.name, "connect", ok.error().message);
    return nullptr;
  };
  domain::Id id = 0;
  const TimePoint began = Loop::now();
  if (const auto socket = connect_with(kShortTokenSeconds, id))
    measured(client_.name, "a token runs out: token_expiring", {event::kTokenExpiring},
             [&]() -> Result<double> {
               return socket->next(event::kTokenExpiring).map([&](const Heard& heard) {
                 return ms_between(began, heard.at);
               });
             });
  if (const auto socket = connect_with(kTokenSeconds, id)) {
    measured(client_.name, "withdraw a token: session_ended", {event::kSessionEnded},
             [&]() -> Result<double> {
               if (auto hello = socket->next("client_connected"); !hello)
                 return tl::unexpected(hello.error());
               const auto gone = rest("DELETE", path_of("clients", client_id_, path_of("/tokens", id)));
               if (!gone) return tl::unexpected(gone.error());
               const auto heard = socket->next(event::kSessionEnded);
               if (!heard) return tl::unexpected(heard.error());
               if (auto ended = socket->ended(); !ended) return tl::unexpected(ended.error());
               return ms_between(gone->sent_at, heard->at);
             });
  }
}

// By key: also what was made by a request whose answer never came.
void Run::remove_all(std::string_view collection) {
  const auto found = rest("GET", std::string(collection) + "?limit=1000&q=" + key_);
  if (!found) return report_.failed("http", "clean up", found.error().message);
  const json::value* items = json::find(found->body, "items");
  if (items == nullptr || !items->is_array()) return;
  for (const json::value& item : items->get_array()) {
    if (json::string_or_empty(item, "key") != key_) continue;
    const auto gone = rest("DELETE", path_of(collection, id_in(item, "id"), "?force=true"));
    if (!gone && gone.error().code != Errc::not_found)
      report_.failed("http", "clean up",
                     std::string(collection) + " still has " + key_ + ": " + gone.error().message);
  }
}

void Run::clean_up() {
  const TimePoint began = Loop::now();
  for (Place* place : {&client_, &client_polling_}) place->socket->leave();
  if (made_)
    for (const char* collection : {"clients", "packages", "features", "platforms"}) remove_all(collection);
  for (const std::string& message : {admin_message_, client_message_})
    if (!message.empty()) (void)rest("DELETE", "messages/" + message);
  for (Place* place : {&admin_, &admin_polling_}) place->socket->leave();
  if (options_.logs_out)
    if (auto out = rest("POST", "auth/logout"); !out) report_.failed("http", "clean up", out.error().message);
  report_.passed("http", "clean up", {}, ms_between(began, Loop::now()));
}

}  // namespace togglecast::app::probe
