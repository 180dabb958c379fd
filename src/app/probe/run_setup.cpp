// What the probe makes before its steps, and how it leaves nothing behind. The rest of Run is in run.cpp.
#include <utility>

#include "app/probe/run.hpp"
#include "app/probe/words.hpp"

namespace togglecast::app::probe {

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
