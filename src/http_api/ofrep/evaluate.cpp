// One flag, and all flags of a client. What takes longer than a turn of the shard goes on in a worker.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "delivery/evaluation_queue.hpp"
#include "delivery/resume_claim.hpp"
#include "domain/state/flag_name.hpp"
#include "http_api/ofrep/ofrep_answer.hpp"
#include "http_api/ofrep/ofrep_request.hpp"
#include "http_api/ofrep/ofrep_routes.hpp"
#include "http_api/ofrep/tagged_answer.hpp"
#include "http_api/request/call.hpp"
#include "http_api/streams/streams.hpp"

namespace togglecast::http_api {
namespace {

using domain::evaluation::Decision;
using domain::evaluation::Unhurried;

constexpr std::size_t kCostOfAll = 5;          // of --evaluation-rate; one flag costs 1
constexpr int kInactivity = 120;               // seconds that a page keeps its notices while it is hidden
constexpr std::string_view kForm = "ofrep 1";  // raised when equal states get other answers than before

// One flag of a client, decided in turns.
struct OneFlag {
  OneFlag(domain::Viewpoint seen_from, std::string name, domain::Id id, std::optional<std::size_t> sub)
      : viewpoint(std::move(seen_from)),
        view(*viewpoint.state, *viewpoint.client, viewpoint.context.get()),
        key(std::move(name)),
        feature(id),
        sub_feature(sub) {}

  domain::Viewpoint viewpoint;
  domain::ClientView view;
  std::string key;
  domain::Id feature;
  std::optional<std::size_t> sub_feature;
};

// Nothing: the client sees no such flag.
std::unique_ptr<OneFlag> find(domain::Viewpoint viewpoint, const std::string& name) {
  const auto named = domain::find_flag(*viewpoint.state, json::value(name));
  if (named.feature == nullptr) return nullptr;
  const domain::Id id = named.feature->id;
  std::optional<std::size_t> place;
  if (named.sub_feature) {
    const auto& subs = viewpoint.state->feature(id)->sub_features;
    const auto sub = std::find_if(subs.begin(), subs.end(),
                                  [&](const auto& one) { return one.key() == *named.sub_feature; });
    if (sub == subs.end()) return nullptr;
    place = static_cast<std::size_t>(sub - subs.begin());
  }
  auto flag = std::make_unique<OneFlag>(std::move(viewpoint), name, id, place);
  return flag->view.sees_feature(id) ? std::move(flag) : nullptr;
}

bool answer(const CallPtr& call, OneFlag& flag, domain::evaluation::Turn& turn) {
  const auto answer = flag.view.answer_within(flag.feature, turn);
  if (!answer) return false;
  const Decision& decision = flag.sub_feature ? answer->sub_features[*flag.sub_feature] : answer->decision;
  if (const std::string_view code = ofrep_code(decision); !code.empty()) {
    call->refuse({Errc::invalid_argument, std::string(kFlagFailed), {}}, 0, {{"errorCode", code}});
    return true;
  }
  call->answer({.body = ofrep_answer(decision, flag.key), .revision = flag.viewpoint.state->revision()});
  return true;
}

// All flags of a client, or that it has them already.
struct AllFlags {
  AllFlags(domain::Viewpoint seen_from, OfrepTag tag_of_all, std::string ticket_of_notices)
      : flags(std::move(seen_from)), tag(std::move(tag_of_all)), ticket(std::move(ticket_of_notices)) {}

  OfrepFlags flags;
  OfrepTag tag;
  std::string ticket;  ///< of the notices; empty: none are named
};

bool answer(const CallPtr& call, AllFlags& all, domain::evaluation::Turn& turn) {
  if (!all.flags.run(turn)) return false;
  const auto& [state, client, context] = all.flags.viewpoint();
  json::object body;
  body["flags"] = all.flags.take();
  body["metadata"] = {{"environment", state->environment()}, {"client", client->key}};
  if (!all.ticket.empty()) {
    json::object endpoint{{"requestUri", "/ofrep/v1/stream?ticket=" + all.ticket}};
    json::array streams;
    streams.emplace_back(json::object{
        {"type", "sse"}, {"endpoint", std::move(endpoint)}, {"inactivityDelaySec", kInactivity}});
    body["eventStreams"] = std::move(streams);
  }
  answer_tagged(call, *state, all.tag, json::serialize(std::move(body)));
  return true;
}

// Within this turn of the shard, or on a worker.
template <typename Question>
void answer_in_time(const CallPtr& call, std::shared_ptr<Question> question) {
  delivery::Slice slice(call->shard());
  if (answer(call, *question, slice)) return;
  call->work([call, question = std::move(question)] {
    Unhurried turn;
    (void)answer(call, *question, turn);
  });
}

}  // namespace

void evaluate_flag(const CallPtr& call) {
  if (auto taken = call->api().charge_evaluation(call->reader(), 1); !taken)
    return call->refuse(taken.error());
  json::object refused;
  auto viewpoint = read_ofrep(*call, refused);
  if (!viewpoint) return call->refuse(viewpoint.error(), 0, refused);
  std::string name(call->parameter("key"));
  if (const auto sub = call->parameter("sub"); !sub.empty()) name.append(1, '/').append(sub);
  std::shared_ptr<OneFlag> flag = find(*std::move(viewpoint), name);
  if (flag == nullptr) return call->refuse({Errc::not_found, "there is no flag '" + name + "'", {}});
  answer_in_time(call, std::move(flag));
}

void evaluate_flags(const CallPtr& call) {
  if (auto taken = call->api().charge_evaluation(call->reader(), kCostOfAll); !taken)
    return call->refuse(taken.error());
  json::object refused;
  auto viewpoint = read_ofrep(*call, refused);
  if (!viewpoint) return call->refuse(viewpoint.error(), 0, refused);
  const auto state = viewpoint->state;
  // Programs on servers have no use for notices: they ask for each flag.
  const Streams* streams = call->api().options().streams;
  const bool notices = streams != nullptr && call->who().kind == service::Principal::Kind::client;
  std::string ticket = notices ? streams->tickets().seal(call->who()) : std::string();
  OfrepTag tag(delivery::client_view_name(std::string(kForm) + ' ' + ticket, state->environment(),
                                          viewpoint->client->id, viewpoint->context),
               *state);
  if (answered_as_current(call, *state, tag)) return;
  answer_in_time(call, std::make_shared<AllFlags>(*std::move(viewpoint), std::move(tag), std::move(ticket)));
}

}  // namespace togglecast::http_api
