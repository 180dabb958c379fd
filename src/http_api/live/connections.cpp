// The live connections of all nodes.
#include <algorithm>
#include <string>
#include <utility>

#include "http_api/handlers/handlers.hpp"
#include "http_api/request/call.hpp"
#include "service/cluster/connection_list.hpp"

namespace togglecast::http_api {
namespace {

using service::ConnectionQuery;

constexpr std::size_t kLongestNode = 200;  // bytes

service::ConnectionList* list_of(const CallPtr& call) {
  auto* const list = call->api().options().connections;
  if (list == nullptr)
    call->refuse({Errc::unavailable, "this server has no sockets, so it has no connections", {}});
  return list;
}

Result<void> read_sort(std::string_view text, ConnectionQuery& query) {
  query.descending = text.starts_with('-');
  if (query.descending) text.remove_prefix(1);
  using Sort = ConnectionQuery::Sort;
  for (const Sort sort : {Sort::name, Sort::connected_at, Sort::lag, Sort::last_seen, Sort::round_trip}) {
    if (to_string(sort) != text) continue;
    query.sort = sort;
    return {};
  }
  return fail(Errc::invalid_argument,
              "the parameter sort must be name, connected_at, lag, last_seen_ms or round_trip_ms; put - in "
              "front for descending order");
}

Result<void> read_namespace(std::string_view text, ConnectionQuery& query) {
  if (text == "/admin") query.nsp = ConnectionQuery::Namespace::admin;
  if (text == "/client") query.nsp = ConnectionQuery::Namespace::client;
  if (query.nsp != ConnectionQuery::Namespace::any) return {};
  return fail(Errc::invalid_argument, "the parameter namespace must be /admin or /client");
}

// The key or the id of a client; a key first, because it may have digits only.
Result<domain::Id> read_client(const Call& call, std::string_view text) {
  const auto state = call.application().model().current(call.who().environment);
  if (const auto client = state->find_by_key<domain::Client>(std::string(text)); client != nullptr)
    return client->id;
  const domain::Id id = domain::parse_id(text);
  if (id != 0 && state->find<domain::Client>(id) != nullptr) return id;
  return fail(Errc::not_found,
              "there is no client with the key or id '" + std::string(text.substr(0, kLongestNode)) + "'");
}

Result<ConnectionQuery> read_query(const Call& call) {
  const auto& parameters = call.request().query;
  ConnectionQuery query;
  const auto limit = call.number("limit", static_cast<std::int64_t>(query.limit), 1,
                                 static_cast<std::int64_t>(service::kMostConnections));
  if (!limit) return tl::unexpected(limit.error());
  query.limit = static_cast<std::size_t>(*limit);
  if (parameters.contains("sort"))
    if (auto ok = read_sort(parameters.value("sort"), query); !ok) return tl::unexpected(ok.error());
  if (parameters.contains("namespace"))
    if (auto ok = read_namespace(parameters.value("namespace"), query); !ok)
      return tl::unexpected(ok.error());
  if (parameters.contains("client")) {
    const auto client = read_client(call, parameters.value("client"));
    if (!client) return tl::unexpected(client.error());
    query.client = *client;
  }
  if (parameters.contains("lagging")) {
    const auto lagging = call.flag("lagging", false);
    if (!lagging) return tl::unexpected(lagging.error());
    query.lagging = *lagging;
  }
  query.node = parameters.value("node");
  if (query.node.size() > kLongestNode)
    return fail(Errc::invalid_argument, "the parameter node must be at most 200 bytes");
  query.search = parameters.value("q");
  if (query.search.size() > service::kMaxSearch)
    return fail(Errc::invalid_argument,
                "the parameter q must be at most " + std::to_string(service::kMaxSearch) + " bytes");
  std::transform(query.search.begin(), query.search.end(), query.search.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  query.cursor = parameters.value("cursor");
  if (query.cursor.empty() && parameters.contains("cursor"))
    return fail(Errc::invalid_argument, "the parameter cursor is empty; leave it out for the first page");
  return query;
}

}  // namespace

void list_connections(const CallPtr& call) {
  auto* const list = list_of(call);
  if (list == nullptr) return;
  const auto query = read_query(*call);
  if (!query) return call->refuse(query.error());
  list->list(call->who(), *query, [call](Result<json::object> page) {
    call->resume([call, page = std::move(page)]() mutable {
      if (!page) return call->refuse(page.error());
      call->answer({.body = std::move(*page)});
    });
  });
}

void end_connection(const CallPtr& call) {
  auto* const list = list_of(call);
  if (list == nullptr) return;
  if (const auto options = call->write_options(); !options) return call->refuse(options.error());
  list->end(call->who(), std::string(call->parameter("id")), [call](Result<void> ended) {
    call->resume([call, ended = std::move(ended)] {
      if (!ended) return call->refuse(ended.error());
      call->answer({.status = 204});
    });
  });
}

}  // namespace togglecast::http_api
