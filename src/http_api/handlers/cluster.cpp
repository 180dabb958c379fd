// The nodes of the installation, and the connections that they hold.
#include "service/cluster/cluster_view.hpp"

#include <string>
#include <utility>

#include "http_api/handlers/handlers.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {
namespace {

const service::ClusterView* cluster_of(const CallPtr& call) {
  const auto* cluster = call->api().options().cluster;
  if (cluster == nullptr)
    call->refuse({Errc::unavailable, "this server has no sockets, so it knows of no nodes", {}});
  return cluster;
}

}  // namespace

void read_cluster(const CallPtr& call) {
  if (const auto* cluster = cluster_of(call)) call->answer({.body = cluster->describe()});
}

void read_client_connections(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto client = call->application().clients().find(call->who(), *id);
  if (!client) return call->refuse(client.error());
  const auto* cluster = cluster_of(call);
  if (cluster == nullptr) return;
  cluster->find_connections(call->who().environment, *id,
                            [call](json::object found) { call->answer({.body = std::move(found)}); });
}

}  // namespace togglecast::http_api
