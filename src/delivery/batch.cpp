#include "delivery/batch.hpp"

#include <utility>

#include "domain/schema/environment.hpp"
#include "domain/schema/version.hpp"

namespace togglecast::delivery {
namespace {

// Kinds with an event of their own; all else shares one.
struct OwnEvent {
  std::string_view name;
  std::string_view id;  ///< the member that carries the entity's id; empty: it stands in `data` alone
};

OwnEvent own_event(domain::Kind kind, Receiver receiver) noexcept {
  switch (kind) {
    case domain::Kind::platform:
      return {kPlatformUpdate, "platform_id"};
    case domain::Kind::feature:
      return {kFeatureUpdate, "feature_id"};
    case domain::Kind::package:
      return {kPackageUpdate, "package_id"};
    case domain::Kind::client:
      if (receiver == Receiver::client) return {kClientUpdate, {}};
      break;
    case domain::Kind::segment:
    case domain::Kind::token:
    case domain::Kind::admin:
    case domain::Kind::signing_key:
    case domain::Kind::environment:
    case domain::Kind::api_key:
    case domain::Kind::issuer:
    case domain::Kind::settings:
    case domain::Kind::second_factor:
      break;
  }
  return {};
}

}  // namespace

UpdateEvent update_event(const Batch& batch, std::size_t place, Receiver receiver) {
  const domain::ViewUpdate& update = batch.updates[place];
  const domain::Snapshot& to = *batch.to;
  const OwnEvent own = own_event(update.kind, receiver);
  json::object payload;
  payload["type"] = domain::to_string(update.type);
  if (!own.id.empty()) payload[own.id] = update.id;
  if (own.name.empty()) {
    payload["entity_type"] = domain::to_string(update.kind);
    payload["entity_id"] = update.id;
  }
  if (to.environment() == domain::kSystemEnvironment) payload["environment"] = to.environment();
  payload["data"] =
      receiver == Receiver::admin ? domain::with_etag(update.data, to.head().epoch) : update.data;
  payload["timestamp"] = to_iso8601(to.as_of());
  payload["revision"] = to.revision();
  payload["epoch"] = to.head().epoch;
  payload["more"] = place + 1 != batch.updates.size();
  if (receiver == Receiver::admin) payload["actor"] = batch.actor;
  return {own.name.empty() ? kEntityUpdate : own.name, std::move(payload)};
}

}  // namespace togglecast::delivery
