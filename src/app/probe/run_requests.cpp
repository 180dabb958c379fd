// The requests of the probe: every event that an admin or a client may send. The rest of Run is in run.cpp.
#include <span>
#include <utility>

#include "app/probe/run.hpp"
#include "app/probe/words.hpp"

namespace togglecast::app::probe {

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
      name == event::kSubscribeDashboard.name || name == event::kUnsubscribeDashboard.name ||
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
  // Sent once a second: the time until one came says that they come, not how fast the connection is.
  measured(admin_.name, "subscribe: dashboard_tick", {"subscribe_dashboard", "dashboard_tick"},
           [&]() -> Result<double> {
             const TimePoint began = Loop::now();
             auto subscribed = admin_.socket->ask(event::kSubscribeDashboard.name, json::object{});
             if (!subscribed) return tl::unexpected(subscribed.error());
             return admin_.socket->next(event::kDashboardTick).map([&](const Heard& heard) {
               return ms_between(began, heard.at);
             });
           });
}

}  // namespace togglecast::app::probe
