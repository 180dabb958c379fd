// The last hour of the server in numbers, and of what clients reported.
#include <string>
#include <utility>

#include "http_api/handlers/handlers.hpp"
#include "http_api/request/call.hpp"
#include "service/cluster/history_view.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999

}  // namespace

void read_dashboard_history(const CallPtr& call) {
  auto* const history = call->api().options().history;
  if (history == nullptr)
    return call->refuse({Errc::unavailable, "this server has no sockets, so it has no history", {}});
  service::HistoryQuery query;
  const auto& parameters = call->request().query;
  if (parameters.contains("resolution")) {
    const std::string_view resolution = parameters.value("resolution");
    if (resolution != "1s" && resolution != "10s")
      return call->refuse({Errc::invalid_argument, "the parameter resolution must be 1s or 10s", {}});
    query.fine = resolution == "1s";
  }
  const auto since = call->number("since", 0, 0, kLastSecond);
  if (!since) return call->refuse(since.error());
  query.since = *since;
  history->read_history(query, [call](Result<service::HistoryView::Found> found) {
    if (!found) return call->refuse(found.error());
    call->answer({.body = std::move(found->body), .etag = std::move(found->tag)});
  });
}

void read_client_metrics(const CallPtr& call) {
  auto* const history = call->api().options().metric_history;
  if (history == nullptr)
    return call->refuse({Errc::unavailable, "this server has no sockets, so it has no reports", {}});
  const auto since = call->number("since", 0, 0, kLastSecond);
  if (!since) return call->refuse(since.error());
  history->read_metrics(call->who().environment, *since, [call](Result<json::object> body) {
    if (!body) return call->refuse(body.error());
    call->answer({.body = std::move(*body)});
  });
}

}  // namespace togglecast::http_api
