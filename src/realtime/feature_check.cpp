#include "realtime/feature_check.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "base/json_text.hpp"
#include "base/text/plain_json.hpp"
#include "domain/schema/fields.hpp"
#include "domain/state/client_view.hpp"
#include "domain/state/flag_name.hpp"
#include "domain/views/view_text.hpp"
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
  if (!FeatureCheck::sole_name(request.get_object()).empty()) return std::nullopt;
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

// Most requests name one: nothing else is to be read then.
std::string_view FeatureCheck::sole_name(std::string_view text) noexcept {
  json::PlainMembers members(text);
  const auto only = members.next();
  if (!only || !members.complete() || only->key != "feature") return {};
  return json::plain_string(only->value).value_or(std::string_view{});
}

std::string_view FeatureCheck::sole_name(const json::object& request) noexcept {
  const auto* only = request.begin();
  if (request.size() != 1 || only->key() != "feature" || !only->value().is_string()) return {};
  return only->value().get_string();
}

FeatureCheck::FeatureCheck(domain::Viewpoint viewpoint, std::weak_ptr<socketio::Socket> socket,
                           const Reply& reply)
    : viewpoint_(std::move(viewpoint)),
      view_(*viewpoint_.state, *viewpoint_.client, viewpoint_.context.get()),
      socket_(std::move(socket)),
      reply_(reply) {}

Result<std::unique_ptr<FeatureCheck>> FeatureCheck::read(const domain::SnapshotPtr& state,
                                                         const SocketSubscriber& subscriber,
                                                         const json::value& request, const Reply& reply) {
  auto sub_feature = read_request(request);
  if (!sub_feature) return tl::unexpected(sub_feature.error());
  auto own = read_context(request);
  if (!own) return tl::unexpected(own.error());

  auto client = state->find<domain::Client>(subscriber.who.id);
  if (client == nullptr) return fail(Errc::revoked, "this client is gone");
  domain::Viewpoint viewpoint{state, std::move(client),
                              *own == nullptr ? subscriber.context() : *std::move(own)};
  std::unique_ptr<FeatureCheck> check(
      new FeatureCheck(std::move(viewpoint), subscriber.socket.weak_from_this(), reply));
  const json::value& asked = request.at("feature");
  auto named = domain::find_flag(*state, asked);
  check->feature_ = named.feature == nullptr ? 0 : named.feature->id;
  if (named.sub_feature) sub_feature = std::move(named.sub_feature);
  if (!check->view_.sees_feature(check->feature_))
    return fail(Errc::not_found, "there is no " + name_of(asked));
  if (!*sub_feature) return check;

  const auto& subs = state->feature(check->feature_)->sub_features;
  const auto sub =
      std::find_if(subs.begin(), subs.end(), [&](const auto& one) { return one.key() == **sub_feature; });
  if (sub == subs.end())
    return fail(Errc::not_found, name_of(asked) + " has no sub-feature '" + **sub_feature + "'");
  check->sub_feature_ = static_cast<std::size_t>(sub - subs.begin());
  return check;
}

void FeatureCheck::keep_in(FeatureAnswers& answers, std::string_view name) {
  answers_ = &answers;
  name_ = name;
}

bool FeatureCheck::run(delivery::Turn& turn) {
  const auto socket = socket_.lock();
  if (socket == nullptr || !socket->connected()) return true;
  const auto answer = view_.answer_within(feature_, turn);
  if (!answer) return false;
  std::string status;
  constexpr std::size_t kLikely = 512;
  status.reserve(kLikely);
  if (!sub_feature_) {
    append(status, *answer);
  } else {
    domain::append_sub_feature(status, answer->sub_features[*sub_feature_], feature_);
  }
  status.back() = ',';  // the brace: one more member follows
  status += R"("revision":)";
  json::append_number(status, viewpoint_.state->revision());
  status += '}';
  if (answers_ != nullptr)
    answers_->keep({*viewpoint_.state, viewpoint_.client->id, viewpoint_.context, name_}, status);
  reply_.text(status);
  return true;
}

}  // namespace togglecast::realtime
