#include "realtime/session/connection_meters.hpp"

#include "base/pooled.hpp"

namespace togglecast::realtime {

ConnectionMeters& meters_of(std::shared_ptr<void>& connection_state) {
  if (connection_state == nullptr)
    connection_state = std::allocate_shared<ConnectionMeters>(PoolAllocator<ConnectionMeters>());
  return *static_cast<ConnectionMeters*>(connection_state.get());
}

std::function<bool(std::shared_ptr<void>&, net::Shard&)> meter_packets(const Rate& rate) {
  return [rate](std::shared_ptr<void>& state, net::Shard& shard) {
    return meters_of(state).packets.take(rate, shard.now()) == Milliseconds{0};
  };
}

observe::Gauge& connections_gauge(observe::Metrics& metrics, std::string_view nsp,
                                  const std::string& environment) {
  return metrics.gauge("togglecast_realtime_connections",
                       "Connections that are logged in, by namespace and environment.",
                       {{"namespace", std::string(nsp)}, {"environment", environment}});
}

}  // namespace togglecast::realtime
