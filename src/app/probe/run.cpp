#include "app/probe/run.hpp"

#include <utility>

#include "app/probe/words.hpp"
#include "base/random.hpp"

namespace togglecast::app::probe {
namespace {

constexpr std::size_t kKeyBytes = 6;

std::string new_key() {
  SystemRandom random;
  std::string key = std::string(kPrefix) + random_token(random, kKeyBytes);
  return key;
}

}  // namespace

Run::Run(Loop& loop, const Target& target, RunOptions options)
    : loop_(loop),
      target_(target),
      options_(std::move(options)),
      rest_(loop, target),
      key_(new_key()),
      admin_{"admin websocket",
             std::make_unique<ProbeSocket>(loop, target, Transport::websocket, std::string(event::kAdmin))},
      admin_polling_{"admin polling", std::make_unique<ProbeSocket>(loop, target, Transport::polling,
                                                                    std::string(event::kAdmin))},
      client_{"client websocket",
              std::make_unique<ProbeSocket>(loop, target, Transport::websocket, std::string(event::kClient))},
      client_polling_{"client polling", std::make_unique<ProbeSocket>(loop, target, Transport::polling,
                                                                      std::string(event::kClient))},
      client_token_(options_.client_token),
      own_client_(options_.client_token.empty()) {
  rest_.use_token(options_.admin_token);
}

bool Run::measured(std::string_view where, std::string_view step, Events events,
                   const std::function<Result<double>()>& act) {
  if (loop_.interrupted()) return false;
  const auto ms = act();
  if (ms) {
    report_.passed(where, step, events, *ms);
  } else if (!loop_.interrupted()) {
    report_.failed(where, step, ms.error().message);
  }
  return ms.has_value();
}

Result<Rest::Reply> Run::rest(std::string_view method, const std::string& path, const json::value& body) {
  return rest_.call(method, std::string(kApi) + path, body);
}

json::object Run::auth_of(const Secret& token) const { return {{"token", token.reveal()}}; }

void Run::all_steps() {
  if (!check_server() || !connect_admins() || !make_entities() || !connect_clients()) return;
  make_asset();
  make_messages();
  for (Place* place : {&admin_, &admin_polling_}) requests_of(*place, event::kAdminRequests);
  for (Place* place : {&client_, &client_polling_}) requests_of(*place, event::kClientRequests);
  announcements();
  subscriptions();
  pushes();
  platform_pushes();
  catch_up();
  broadcasts();
  system_status();
  receipts();
  for (const auto transport : {Transport::websocket, Transport::polling}) {
    resume(transport, false);
    resume(transport, true);
  }
  ends_of_tokens();
}

bool Run::check_server() {
  for (const char* path : {"/healthz", "/readyz"}) {
    const bool good = measured("http", path, {}, [&]() -> Result<double> {
      return rest_.call("GET", path).map([](const Rest::Reply& reply) {
        return ms_between(reply.sent_at, Loop::now());
      });
    });
    if (!good) return false;
  }
  return true;
}

}  // namespace togglecast::app::probe
