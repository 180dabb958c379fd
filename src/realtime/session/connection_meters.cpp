#include "realtime/session/connection_meters.hpp"

namespace togglecast::realtime {

ConnectionMeters& meters_of(HeldPtr& connection_state) {
  if (connection_state == nullptr) connection_state = new ConnectionMeters;
  return static_cast<ConnectionMeters&>(*connection_state);
}

std::function<bool(HeldPtr&, net::Shard&)> meter_packets(const Rate& rate) {
  return [rate](HeldPtr& state, net::Shard& shard) {
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
