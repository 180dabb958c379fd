// What the probe changes and sends, and who hears of it: pushes, catch-up, broadcasts, receipts. The rest of
// Run is in run.cpp.
#include <algorithm>
#include <utility>

#include "app/probe/run.hpp"
#include "app/probe/words.hpp"

namespace togglecast::app::probe {
namespace {

constexpr domain::Id kClientConnections = 2;
constexpr int kLooksAtARollout = 100;
constexpr Milliseconds kBetweenLooks{100};

}  // namespace

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

}  // namespace togglecast::app::probe
