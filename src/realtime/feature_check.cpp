#include "realtime/feature_check.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "domain/schema/fields.hpp"
#include "domain/state/client_view.hpp"
#include "domain/state/flag_name.hpp"
#include "realtime/session/credentials.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kLongestKey = 64;

// What was asked for, as the refusal repeats it.
std::string name_of(const json::value& asked) {
  if (!asked.is_string()) return "feature " + json::serialize(asked);
  return "feature '" + std::string(std::string_view(asked.get_string()).substr(0, kLongestKey)) + "'";
}

// Everything but `context`, which has a reader of its own: the sub-feature, if it stands in a member of its
// own.
Result<std::optional<std::string>> read_request(const json::value& request) {
  domain::FieldReader in(request);
  const auto* feature = json::find(request, "feature");
  const auto id = feature == nullptr ? std::nullopt : domain::integer_in(*feature);
  if (!in.has_value("feature")) {
    in.refuse("feature", "is required");
  } else if (!feature->is_string() && !(id && domain::is_id(*id))) {
    in.refuse("feature", "must be the key of a feature, its id, or 'feature/sub' for a sub-feature");
  }
  std::optional<std::string> sub_feature;
  if (in.has_value("sub_feature")) {
    sub_feature = in.key("sub_feature");
    if (feature != nullptr && feature->is_string() &&
        domain::parse_flat_name(std::string_view(feature->get_string())).sub_feature)
      in.refuse("sub_feature", "cannot stand beside a feature that names a sub-feature already");
  }
  (void)in.has_value("context");
  if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
  return sub_feature;
}

}  // namespace

Result<json::object> check_feature(const domain::Snapshot& state, const SocketSubscriber& subscriber,
                                   const json::value& request) {
  auto sub_feature = read_request(request);
  if (!sub_feature) return tl::unexpected(sub_feature.error());
  auto own = read_context(request);
  if (!own) return tl::unexpected(own.error());
  const ContextPtr context = *own == nullptr ? subscriber.context() : *std::move(own);

  const auto client = state.find<domain::Client>(subscriber.who.id);
  if (client == nullptr) return fail(Errc::revoked, "this client is gone");
  domain::ClientView view(state, *client, context.get());
  const json::value& asked = request.at("feature");
  auto named = domain::find_flag(state, asked);
  const domain::Id id = named.feature == nullptr ? 0 : named.feature->id;
  if (named.sub_feature) sub_feature = std::move(named.sub_feature);
  if (!view.sees_feature(id)) return fail(Errc::not_found, "there is no " + name_of(asked));

  const domain::FeatureAnswer answer = view.answer(id);
  json::object status;
  if (!*sub_feature) {
    status = to_json(answer);
  } else {
    const auto sub = std::find_if(answer.sub_features.begin(), answer.sub_features.end(),
                                  [&](const auto& one) { return one.flag->key() == **sub_feature; });
    if (sub == answer.sub_features.end())
      return fail(Errc::not_found, name_of(asked) + " has no sub-feature '" + **sub_feature + "'");
    status = to_json(*sub);
    status["id"] = id;
  }
  status["revision"] = state.revision();
  return status;
}

}  // namespace togglecast::realtime
