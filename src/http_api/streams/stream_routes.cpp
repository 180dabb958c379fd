#include "http_api/streams/stream_routes.hpp"

#include <memory>
#include <utility>

#include "http_api/request/context_parameter.hpp"
#include "http_api/streams/streams.hpp"

namespace togglecast::http_api {
namespace {

// The streams of this server; null after an answer: there are none, or only the headers were asked for.
Streams* streams_for(const CallPtr& call) {
  Streams* streams = call->api().options().streams;
  if (streams == nullptr) {
    call->refuse({Errc::unavailable, "this server has no streams", {}});
  } else if (call->request().method == wire::http::Method::head) {
    wire::http::Response response;
    response.headers.add("Content-Type", "text/event-stream");
    response.headers.add("Cache-Control", "no-store");
    call->respond(std::move(response));
    return nullptr;
  }
  return streams;
}

}  // namespace

void stream_view(const CallPtr& call) {
  auto context = context_parameter(*call);
  if (!context) return call->refuse(context.error());
  Streams* streams = streams_for(call);
  if (streams == nullptr) return;
  streams->open_view(call, *context ? std::make_shared<const json::object>(**std::move(context)) : nullptr);
}

void stream_notices(const CallPtr& call) {
  Streams* streams = call->api().options().streams;
  if (streams == nullptr) return (void)streams_for(call);
  const auto claimed = streams->tickets().open(call->request().query.value("ticket"));
  const auto who = claimed ? call->application().authenticator().recheck(*claimed) : claimed;
  if (!who) return call->refuse(who.error());
  if (auto may = service::require(*who, auth::Action::evaluate_flags); !may) return call->refuse(may.error());
  if (streams_for(call) != nullptr) streams->open_notices(call, *who);
}

}  // namespace togglecast::http_api
