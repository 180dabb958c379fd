// The features that a client may use, and why; evaluations and previews of changes.
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/request/answer_kept.hpp"
#include "http_api/request/call.hpp"
#include "http_api/request/context_parameter.hpp"
#include "service/decisions/effective.hpp"
#include "service/decisions/playground.hpp"
#include "service/decisions/preview.hpp"

namespace togglecast::http_api {
namespace {

// `?feature=`: a key, the flat name of a sub-feature, or an id in digits; nothing without the parameter.
Result<std::optional<domain::NamedFlag>> read_flag(const Call& call, const domain::Snapshot& state) {
  const auto& parameters = call.request().query;
  if (!parameters.contains("feature")) return std::nullopt;
  const std::string name(parameters.value("feature"));
  const domain::Id id = domain::parse_id(name);
  auto named = domain::find_flag(state, id != 0 ? json::value(id) : json::value(name));
  if (named.feature == nullptr) return fail(Errc::not_found, "there is no feature '" + name + "'");
  if (named.sub_feature && state.feature(named.feature->id)->sub_feature(*named.sub_feature) == nullptr)
    return fail(Errc::not_found,
                "feature '" + named.feature->key + "' has no sub-feature '" + *named.sub_feature + "'");
  return named;
}

}  // namespace

void read_effective(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto visible = call->flag("visible", false);
  if (!visible) return call->refuse(visible.error());
  auto context = context_parameter(*call);
  if (!context) return call->refuse(context.error());
  const auto state = call->application().model().current(call->who().environment);
  const auto client = state->find<domain::Client>(*id);
  if (client == nullptr)
    return call->refuse({Errc::not_found, "there is no client " + std::to_string(*id), {}});
  auto flag = read_flag(*call, *state);
  if (!flag) return call->refuse(flag.error());
  if (answer_kept(*call, tag_of(*state), state->revision())) return;
  call->work([call, state, client, visible = *visible, context = std::move(*context),
              flag = std::move(*flag)] {
    const auto effective = service::effective_of(
        *state, *client,
        {.visible_only = visible, .context = context ? &*context : nullptr, .flag = flag ? &*flag : nullptr});
    answer_and_keep(*call, tag_of(*state), state->revision(), json::serialize(effective));
  });
}

void evaluate(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto state = call->application().model().current(call->who().environment);
  call->work([call, state, body = *body] {
    const auto decision = service::try_out_draft(*state, body);
    if (!decision) return call->refuse(decision.error(), 0, members_of(decision.error().users));
    call->answer({.body = *decision, .revision = state->revision()});
  });
}

void preview(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto state = call->application().model().current(call->who().environment);
  const UnixMillis now = call->api().clock().wall_now();
  call->work(call->application().previews(), [call, state, now, body = *body] {
    const auto effect = service::preview(*state, now, body);
    if (!effect) return call->refuse(effect.error(), 0, members_of(effect.error().users));
    call->answer({.body = *effect, .revision = state->revision()});
  });
}

}  // namespace togglecast::http_api
