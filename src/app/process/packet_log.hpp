// `--log-packets`: a log line for each Engine.IO packet of the connections that an operator looks at, with
// its Socket.IO packet. Secrets are taken out, binary data is told by its size, long packets are cut.
//
// A line names the connection by a number of its own, because its session id is a secret. At most `kRate`
// lines are written; the next line says how many were left out. Thread rule: any thread; the object outlives
// the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/config/packet_filter.hpp"
#include "base/clock.hpp"
#include "base/token_bucket.hpp"
#include "engineio/handshake.hpp"
#include "engineio/packet_trace.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

namespace togglecast::app {

/// The parts of a packet that a line shows.
struct PacketView {
  std::string engine;     ///< `message`, `ping`
  std::string type;       ///< of Socket.IO: `EVENT`; empty if there is none
  std::string nsp;        ///< `/client`
  std::string text;       ///< the rest, without secrets
  std::size_t bytes = 0;  ///< of the packet
};
[[nodiscard]] PacketView view_of_packet(std::string_view packet);

class PacketLog {
 public:
  static constexpr Rate kRate{.per_second = 200, .burst = 1'000};

  PacketLog(PacketFilter filter, observe::Log& log, const Clock& clock, observe::Metrics& metrics);

  /// Null if the connection is not looked at.
  [[nodiscard]] std::unique_ptr<engineio::PacketTrace> trace(const engineio::Handshake& handshake,
                                                             std::string_view transport);

 private:
  friend class LoggedConnection;
  struct Line {
    std::uint64_t connection;
    std::string_view direction, transport;
    PacketView packet;
  };
  void write(const Line& line);
  /// False: there were too many lines, and this one is counted.
  [[nodiscard]] bool admit();

  const PacketFilter filter_;
  observe::Log& log_;
  const Clock& clock_;
  observe::Counter& left_out_total_;
  std::atomic<std::uint64_t> connections_{0};
  std::mutex mutex_;
  TokenBucket bucket_;
  std::uint64_t left_out_ = 0;
};

}  // namespace togglecast::app
