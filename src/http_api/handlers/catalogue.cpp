#include "http_api/handlers/catalogue.hpp"

#include <utility>

#include "domain/state/consistency.hpp"
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/state.hpp"

namespace togglecast::http_api {
namespace {

using domain::Client;
using domain::Feature;
using domain::Package;
using domain::Platform;
using domain::Segment;

constexpr std::size_t kShownDependents = 1'000;

// The path, the switch and the service of each entity.
template <typename T>
struct Resource;
template <>
struct Resource<Platform> {
  static constexpr std::string_view kPath = "/api/v1/platforms/";
  static constexpr std::string_view kSwitch = "enabled";
  static auto& service(service::Application& application) { return application.platforms(); }
};
template <>
struct Resource<Feature> {
  static constexpr std::string_view kPath = "/api/v1/features/";
  static constexpr std::string_view kSwitch = "enabled";
  static auto& service(service::Application& application) { return application.features(); }
};
template <>
struct Resource<Segment> {
  static constexpr std::string_view kPath = "/api/v1/segments/";
  static auto& service(service::Application& application) { return application.segments(); }
};
template <>
struct Resource<Package> {
  static constexpr std::string_view kPath = "/api/v1/packages/";
  static constexpr std::string_view kSwitch = "available";
  static auto& service(service::Application& application) { return application.packages(); }
};
template <>
struct Resource<Client> {
  static constexpr std::string_view kPath = "/api/v1/clients/";
  static constexpr std::string_view kSwitch = "active";
  static auto& service(service::Application& application) { return application.clients(); }
};

template <typename T>
auto& service_of(const CallPtr& call) {
  return Resource<T>::service(call->application());
}

}  // namespace

template <typename T>
void list_of(const CallPtr& call) {
  list_entities<T>(
      call, [call](const service::PageQuery& query) { return service_of<T>(call).list(call->who(), query); });
}

template <typename T>
void create_one(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  service_of<T>(call).create(call->who(), *body, *options, created(call, std::string(Resource<T>::kPath)));
}

template <typename T>
void read_one(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  if (answered_from_the_past(call, T::kKind, *id)) return;
  answer_entity(*call, service_of<T>(call).find(call->who(), *id));
}

template <typename T>
void update_one(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  options->merge = call->is_merge_patch();
  service_of<T>(call).update(call->who(), *id, *body, *options, changed(call, {T::kKind, *id}));
}

template <typename T>
void delete_one(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  service_of<T>(call).remove(call->who(), *id, *options, removed(call, {T::kKind, *id}));
}

template <typename T>
void list_dependents(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto state = call->application().model().current(call->who().environment);
  if (const auto found = service_of<T>(call).find(call->who(), *id); !found)
    return call->refuse(found.error());
  call->work([call, state, id = *id] {
    Answer answer{.revision = state->revision(), .etag = tag_of(*state)};
    if (!call->has_already(answer.etag)) {
      const auto users = domain::users_of(*state, T::kKind, id);
      json::array items;
      for (const domain::User& user : users) {
        if (items.size() == kShownDependents) break;
        items.push_back(user_json(user));
      }
      answer.body = json::object{{"items", std::move(items)}, {"total", users.size()}};
    }
    call->answer(std::move(answer));
  });
}

template <typename T>
void toggle_one(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto on = toggle_value(*call, Resource<T>::kSwitch);
  if (!on) return call->refuse(on.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  service_of<T>(call).toggle(call->who(), *id, *on, *options, changed(call, {T::kKind, *id}));
}

#define TOGGLECAST_MAKE_HANDLERS(T)            \
  template void list_of<T>(const CallPtr&);    \
  template void create_one<T>(const CallPtr&); \
  template void read_one<T>(const CallPtr&);   \
  template void update_one<T>(const CallPtr&); \
  template void delete_one<T>(const CallPtr&)
TOGGLECAST_MAKE_HANDLERS(Platform);
TOGGLECAST_MAKE_HANDLERS(Feature);
TOGGLECAST_MAKE_HANDLERS(Segment);
TOGGLECAST_MAKE_HANDLERS(Package);
TOGGLECAST_MAKE_HANDLERS(Client);
#undef TOGGLECAST_MAKE_HANDLERS
template void list_dependents<Platform>(const CallPtr&);
template void list_dependents<Feature>(const CallPtr&);
template void list_dependents<Segment>(const CallPtr&);
template void list_dependents<Package>(const CallPtr&);
template void toggle_one<Platform>(const CallPtr&);
template void toggle_one<Feature>(const CallPtr&);
template void toggle_one<Package>(const CallPtr&);
template void toggle_one<Client>(const CallPtr&);

}  // namespace togglecast::http_api
