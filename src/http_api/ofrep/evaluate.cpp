// One flag, and all flags of a client. What takes longer than a turn of the shard goes on in a worker.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/json_text.hpp"
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
  std::string text;
  append_ofrep(text, decision, flag.key);
  call->answer({.text = std::move(text), .revision = flag.viewpoint.state->revision()});
  return true;
}

// All flags of a client, or that it has them already.
struct AllFlags {
  AllFlags(domain::Viewpoint seen_from, OfrepTag tag_of_all, const Streams* notices_of_changes)
      : flags(std::move(seen_from), R"({"flags":[)"),
        tag(std::move(tag_of_all)),
        notices(notices_of_changes) {}

  OfrepFlags flags;
  OfrepTag tag;
  const Streams* notices;  ///< null: none are named
};

bool answer(const CallPtr& call, AllFlags& all, domain::evaluation::Turn& turn) {
  if (!all.flags.run(turn)) return false;
  const auto& [state, client, context] = all.flags.viewpoint();
  std::string body = all.flags.take();
  body += R"(],"metadata":{"environment":)";
  json::append_string(body, state->environment());
  body += R"(,"client":)";
  json::append_string(body, client->key);
  body += '}';
  if (all.notices != nullptr) {  // a ticket's characters need no escape
    body.append(R"(,"eventStreams":[{"type":"sse","endpoint":{"requestUri":"/ofrep/v1/stream?ticket=)")
        .append(all.notices->tickets().seal(call->who()))
        .append(R"("},"inactivityDelaySec":)");
    json::append_number(body, kInactivity);
    body += "}]";
  }
  body += '}';
  KeptAnswer answer{all.tag.version(), OfrepTag::digest(body), std::move(body)};
  call->api().answers().keep(all.tag.name(), answer);
  answer_tagged(call, *state, all.tag, answer.digest, std::move(answer.body));
  return true;
}

// With 304, or with the answer that was kept.
bool answered_from_memory(const CallPtr& call, const domain::Snapshot& state, const OfrepTag& tag) {
  if (answered_as_current(call, state, tag)) return true;
  const auto kept = call->api().answers().find(tag.name(), tag.version());
  if (kept == nullptr) return false;
  answer_tagged(call, state, tag, kept->digest, kept->body);
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
  // Programs on servers have no use for notices: they ask for each flag.
  const bool is_client = call->who().kind == service::Principal::Kind::client;
  const Streams* notices = is_client ? call->api().options().streams : nullptr;
  const std::string caller = is_client ? StreamTickets::name_of(call->who()) : std::string();
  std::string channel(kForm);
  if (notices != nullptr) channel.append(1, ' ').append(caller);
  const std::string question = is_client && KeptAnswers::may_keep(call->request().body)
                                   ? caller + '\n' + call->request().body
                                   : std::string();
  const auto asked_before = question.empty() ? std::nullopt : call->api().answers().view_of(question);
  if (asked_before) {
    const auto state = call->application().model().current(call->who().environment);
    if (answered_from_memory(call, *state, OfrepTag(*asked_before, *state))) return;
  }
  json::object refused;
  auto viewpoint = read_ofrep(*call, refused);
  if (!viewpoint) return call->refuse(viewpoint.error(), 0, refused);
  const auto state = viewpoint->state;
  OfrepTag tag(OfrepTag::name_of(delivery::client_view_name(channel, state->environment(),
                                                            viewpoint->client->id, viewpoint->context)),
               *state);
  if (!asked_before && answered_from_memory(call, *state, tag)) {
    if (!question.empty()) call->api().answers().keep_view(question, tag.name());  // it will be asked again
    return;
  }
  answer_in_time(call, std::make_shared<AllFlags>(*std::move(viewpoint), std::move(tag), notices));
}

}  // namespace togglecast::http_api
