// Who may use what, and why; and what a change would do.
#include "domain/context.hpp"
#include "http_api/call.hpp"
#include "http_api/handlers.hpp"
#include "service/effective.hpp"
#include "service/playground.hpp"
#include "service/preview.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::string_view kBadContext = "the parameter context must be a JSON object of at most 4 KiB";

// `?context={…}`, as a connection would send it; nothing without one.
Result<std::optional<json::object>> read_context(const Call& call) {
  const auto& parameters = call.request().query;
  if (!parameters.contains("context")) return std::nullopt;
  const std::string_view text = parameters.value("context");
  if (text.size() > domain::kMaxContext) return fail(Errc::invalid_argument, std::string(kBadContext));
  auto parsed = json::parse(text);
  if (!parsed || !parsed->is_object()) return fail(Errc::invalid_argument, std::string(kBadContext));
  const json::value wrapped{{"context", *parsed}};
  domain::FieldReader in(wrapped);
  auto context = domain::read_context(in);
  return in.finish().map([&] { return context; });
}

void answer_result(Call& call, const domain::Snapshot& state, const Result<json::object>& result) {
  if (!result) return call.refuse(result.error());
  call.answer({.body = *result, .revision = state.revision()});
}

}  // namespace

void read_effective(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  if (auto ok = call->only_parameters({"visible", "context"}); !ok) return call->refuse(ok.error());
  const auto visible = call->flag("visible", false);
  if (!visible) return call->refuse(visible.error());
  auto context = read_context(*call);
  if (!context) return call->refuse(context.error());
  if (auto ok = service::require(call->who(), auth::Action::read_catalogue); !ok)
    return call->refuse(ok.error());
  const auto state = call->product().model().current(call->who().environment);
  const auto client = state->find<domain::Client>(*id);
  if (client == nullptr)
    return call->refuse({Errc::not_found, "there is no client " + std::to_string(*id), {}});
  call->work([call, state, client, visible = *visible, context = std::move(*context)] {
    Answer answer{.revision = state->revision(), .etag = call->list_tag(*state)};
    if (!call->has_already(answer.etag))
      answer.body = service::effective_of(
          *state, *client, {.visible_only = visible, .context = context ? &*context : nullptr});
    call->answer(answer);
  });
}

void evaluate(const CallPtr& call) {
  if (auto ok = service::require(call->who(), auth::Action::read_catalogue); !ok)
    return call->refuse(ok.error());
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto state = call->product().model().current(call->who().environment);
  call->work([call, state, body = *body] { answer_result(*call, *state, service::try_out(*state, body)); });
}

void preview(const CallPtr& call) {
  if (auto ok = service::require(call->who(), auth::Action::read_catalogue); !ok)
    return call->refuse(ok.error());
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto state = call->product().model().current(call->who().environment);
  const UnixMillis now = call->api().clock().wall_now();
  call->work(call->product().previews(), [call, state, now, body = *body] {
    answer_result(*call, *state, service::preview(*state, now, body));
  });
}

}  // namespace togglecast::http_api
