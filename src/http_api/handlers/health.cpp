// Health, readiness, detailed health and metrics.
#include "http_api/handlers/handlers.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {
namespace {

struct Readiness {
  std::string_view status;
  bool ready;
};

Readiness readiness_of(const Api& api, const Result<void>& store) {
  if (api.phase() != Phase::serving) return {to_string(api.phase()), false};
  if (!store) return {"store_failing", false};
  return {to_string(Phase::serving), true};
}

void respond_json(Call& call, unsigned status, json::value body) {
  wire::http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  if (status == 503) response.headers.add("Retry-After", "1");
  response.body = json::serialize(body);
  call.respond(std::move(response));
}

void answer_details(Call& call) {
  const Api& api = call.api();
  const auto store = call.application().health();
  const UnixMillis now = api.clock().wall_now();
  json::object body{{"status", readiness_of(api, store).status},
                    {"version", api.options().version},
                    {"started_at", to_iso8601(api.started_at())},
                    {"server_time", to_iso8601(now)},
                    {"uptime_seconds", (now.value - api.started_at().value) / 1'000}};
  json::object store_health{{"status", store ? "ok" : "failing"}};
  if (!store) store_health["reason"] = store.error().message;
  body["store"] = std::move(store_health);
  json::object environments;
  const auto& model = call.application().model();
  for (const std::string& name : model.environments()) {
    const auto current = model.current(name);
    environments[name] = json::object{{"revision", current->revision()},
                                      {"epoch", current->head().epoch},
                                      {"as_of", to_iso8601(current->as_of())}};
  }
  body["environments"] = std::move(environments);
  if (api.options().describe) api.options().describe(body);
  respond_json(call, 200, std::move(body));
}

void answer_metrics(Call& call) {
  wire::http::Response response;
  response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  response.body = call.api().metrics().exposition();
  call.respond(std::move(response));
}

}  // namespace

void health(const CallPtr& call) { respond_json(*call, 200, json::object{{"status", "ok"}}); }

void readiness(const CallPtr& call) {
  const Readiness now = readiness_of(call->api(), call->application().health());
  respond_json(*call, now.ready ? 200 : 503, json::object{{"status", now.status}});
}

// The metrics of many clients are a long text. A thread of their own writes it, so that neither a shard nor
// heavy reads delay it.
void health_details(const CallPtr& call) {
  call->work(call->application().operators(), [call] { answer_details(*call); });
}

void metrics(const CallPtr& call) {
  call->work(call->application().operators(), [call] { answer_metrics(*call); });
}

}  // namespace togglecast::http_api
