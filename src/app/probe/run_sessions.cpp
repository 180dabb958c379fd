// Sessions of the probe that come back or end. The rest of Run is in run.cpp.
#include <utility>

#include "app/probe/run.hpp"
#include "app/probe/words.hpp"

namespace togglecast::app::probe {
namespace {

constexpr int kShortTokenSeconds = 6;  // half of it until token_expiring

}  // namespace

// The connection is cut, and comes back as a stock client does.
void Run::resume(Transport transport, bool of_admin) {
  const std::string_view nsp = of_admin ? event::kAdmin : event::kClient;
  const std::string where = std::string(of_admin ? "admin" : "client") +
                            (transport == Transport::websocket ? " websocket" : " polling");
  const std::string_view resumed = of_admin ? "admin_resumed" : "client_resumed";
  const std::string_view connected = of_admin ? "admin_connected" : "client_connected";
  const Secret& token = of_admin ? options_.admin_token : client_token_;
  if (loop_.interrupted()) return;
  ProbeSocket first(loop_, target_, transport, std::string(nsp));
  if (auto ok = first.connect(auth_of(token)); !ok)
    return report_.failed(where, "resume", ok.error().message);
  if (auto hello = first.next(connected); !hello)
    return report_.failed(where, "resume", hello.error().message);
  const auto change = rest("POST", path_of("features", feature_, "/toggle"));
  if (!change) return report_.failed("http", "toggle the feature", change.error().message);
  if (auto heard = first.next(event::kFeatureUpdate); !heard)
    return report_.failed(where, "resume", heard.error().message);
  json::object auth = auth_of(token);
  for (auto& member : first.resumption()) auth[member.key()] = member.value();
  if (!auth.contains("pid"))
    return report_.skipped(where, "resume", "this server gives no pid, so clients get the whole state again");
  first.cut();
  measured(where, "resume", {resumed}, [&]() -> Result<double> {
    ProbeSocket second(loop_, target_, transport, std::string(nsp));
    const TimePoint began = Loop::now();
    if (auto ok = second.connect(std::move(auth)); !ok) return tl::unexpected(ok.error());
    const auto answer = second.next_of({resumed, connected});
    if (!answer) return tl::unexpected(answer.error());
    if (*answer != resumed)
      return fail(Errc::conflict,
                  "not resumed: " + std::string(connected) + " brought the whole state again");
    const TimePoint at = second.find(resumed)->at;
    second.leave();
    return ms_between(began, at);
  });
}

// Of tokens of its own client: one that runs out, and one that is withdrawn.
void Run::ends_of_tokens() {
  if (!own_client_)
    return report_.skipped(client_.name, "token_expiring, session_ended",
                           "tokens of --client-token stay as they are");
  const auto connect_with = [&](int seconds, domain::Id& id) -> std::unique_ptr<ProbeSocket> {
    const auto issued = rest("POST", path_of("clients", client_id_, "/tokens"),
                             json::object{{"label", kTitle}, {"expires_in", seconds}});
    if (!issued) {
      report_.failed("http", "issue a token", issued.error().message);
      return nullptr;
    }
    id = id_in(issued->body, "id");
    auto socket =
        std::make_unique<ProbeSocket>(loop_, target_, Transport::websocket, std::string(event::kClient));
    const auto ok =
        socket->connect(auth_of(Secret(std::string(json::string_or_empty(issued->body, "token")))));
    if (ok) return socket;
    report_.failed(client_.name, "connect", ok.error().message);
    return nullptr;
  };
  domain::Id id = 0;
  const TimePoint began = Loop::now();
  if (const auto socket = connect_with(kShortTokenSeconds, id))
    measured(client_.name, "a token runs out: token_expiring", {event::kTokenExpiring},
             [&]() -> Result<double> {
               return socket->next(event::kTokenExpiring).map([&](const Heard& heard) {
                 return ms_between(began, heard.at);
               });
             });
  if (const auto socket = connect_with(kTokenSeconds, id)) {
    measured(client_.name, "withdraw a token: session_ended", {event::kSessionEnded},
             [&]() -> Result<double> {
               if (auto hello = socket->next("client_connected"); !hello)
                 return tl::unexpected(hello.error());
               const auto gone = rest("DELETE", path_of("clients", client_id_, path_of("/tokens", id)));
               if (!gone) return tl::unexpected(gone.error());
               const auto heard = socket->next(event::kSessionEnded);
               if (!heard) return tl::unexpected(heard.error());
               if (auto ended = socket->ended(); !ended) return tl::unexpected(ended.error());
               return ms_between(gone->sent_at, heard->at);
             });
  }
}

}  // namespace togglecast::app::probe
