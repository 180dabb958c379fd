// Messages that are or were kept for their acknowledgement: /api/v1/messages.
#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "http_api/handlers/handlers.hpp"
#include "http_api/request/call.hpp"
#include "service/messages/message_list.hpp"

namespace togglecast::http_api {
namespace {

using service::MessageQuery;
using service::ReceiverQuery;

constexpr std::size_t kShownOpen = 100;

template <typename State, std::size_t N>
Result<State> state_in(const Call& call, const std::pair<std::string_view, State> (&known)[N]) {
  const auto& parameters = call.request().query;
  if (!parameters.contains("state")) return State::any;
  const std::string_view text = parameters.value("state");
  std::string names;
  for (const auto& [name, state] : known) {
    if (name == text) return state;
    names.append(names.empty() ? "" : ", ").append(name);
  }
  return fail(Errc::invalid_argument, "the parameter state must be one of " + names);
}

constexpr std::pair<std::string_view, MessageQuery::State> kMessageStates[] = {
    {"waiting", MessageQuery::State::waiting},
    {"undelivered", MessageQuery::State::undelivered},
    {"unacknowledged", MessageQuery::State::unacknowledged}};
constexpr std::pair<std::string_view, ReceiverQuery::State> kReceiverStates[] = {
    {"acknowledged", ReceiverQuery::State::acknowledged},
    {"unacknowledged", ReceiverQuery::State::unacknowledged},
    {"undelivered", ReceiverQuery::State::undelivered}};

Result<MessageQuery> message_query(const Call& call) {
  MessageQuery query;
  const auto state = state_in(call, kMessageStates);
  if (!state) return tl::unexpected(state.error());
  query.state = *state;
  const auto before = call.number("before", 0, 1, domain::kMaxId);
  if (!before) return tl::unexpected(before.error());
  query.before = *before;
  const auto limit = call.number("limit", 50, 1, service::kMaxMessages);
  if (!limit) return tl::unexpected(limit.error());
  query.limit = static_cast<std::size_t>(*limit);
  return query;
}

Result<ReceiverQuery> receiver_query(const Call& call) {
  ReceiverQuery query;
  const auto state = state_in(call, kReceiverStates);
  if (!state) return tl::unexpected(state.error());
  query.state = *state;
  if (call.request().query.contains("after")) {
    const std::string_view text = call.request().query.value("after");
    service::ReceiverId after = 0;  // of an admin: below 0
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), after);
    if (error != std::errc{} || end != text.data() + text.size())
      return fail(Errc::invalid_argument, "the parameter after must be the next of the page before");
    query.after = after;
  }
  const auto limit = call.number("limit", 100, 1, service::kMaxReceivers);
  if (!limit) return tl::unexpected(limit.error());
  query.limit = static_cast<std::size_t>(*limit);
  return query;
}

json::array shown(std::vector<service::OpenDelivery> open) {
  std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) {
    return std::pair(a.receiver, a.connection) < std::pair(b.receiver, b.connection);
  });
  json::array all;
  for (const auto& one : open) {
    if (all.size() == kShownOpen) break;
    all.push_back(json::object{{"kind", one.receiver > 0 ? "client" : "admin"},
                               {"id", one.receiver > 0 ? one.receiver : -one.receiver},
                               {"connection", one.connection},
                               {"sent", one.sent}});
  }
  return all;
}

}  // namespace

void list_messages(const CallPtr& call) {
  const auto query = message_query(*call);
  if (!query) return call->refuse(query.error());
  call->application().message_list().page(call->who(), *query, [call](Result<json::object> page) {
    call->resume([call, page = std::move(page)] {
      if (!page) return call->refuse(page.error());
      call->answer({.body = *page});
    });
  });
}

void read_message(const CallPtr& call) {
  const auto query = receiver_query(*call);
  if (!query) return call->refuse(query.error());
  std::string id(call->parameter("id"));
  call->application().message_list().read(call->who(), id, *query, [call, id](Result<json::object> message) {
    call->resume([call, id, message = std::move(message)] {
      if (!message) return call->refuse(message.error());
      auto* sender = call->api().options().messages;
      if (sender == nullptr) return call->answer({.body = *message});
      sender->open_deliveries(
          call->who().environment, id,
          [call, body = *message](const std::vector<service::OpenDelivery>& open) mutable {
            body["open"] = shown(open);
            call->resume([call, body = std::move(body)] { call->answer({.body = body}); });
          });
    });
  });
}

void withdraw_message(const CallPtr& call) {
  if (const auto options = call->write_options(); !options) return call->refuse(options.error());
  call->application().mailbox().withdraw(call->who(), std::string(call->parameter("id")),
                                         [call](const Result<storage::MessageRow>& withdrawn) {
                                           call->resume([call, withdrawn] {
                                             if (!withdrawn) return call->refuse(withdrawn.error());
                                             call->answer({.status = 204});
                                           });
                                         });
}

}  // namespace togglecast::http_api
