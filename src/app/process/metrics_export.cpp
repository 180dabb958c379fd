#include "app/process/metrics_export.hpp"

#include <string>

#include "app/config/version.hpp"
#include "app/process/process_stats.hpp"

namespace togglecast::app {
namespace {

using Shards = std::atomic<std::uint64_t> net::ShardCounters::*;
using Cell = engineio::Counters::Cell;

std::function<double()> sum_of(const net::ShardPool& shards, Shards counter) {
  return [&shards, counter] {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < shards.size(); ++i)
      sum += (shards.at(i).counters().*counter).load(std::memory_order_relaxed);
    return static_cast<double>(sum);
  };
}

template <typename CellOf>
std::uint64_t sum_of(const engineio::Server& engine, const CellOf& cell_of) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < engine.shard_count(); ++i)
    sum += cell_of(engine.counters(i)).value.load(std::memory_order_relaxed);
  return sum;
}

template <typename CellOf>
std::function<double()> reading(const engineio::Server& engine, CellOf cell_of) {
  return [&engine, cell_of] { return static_cast<double>(sum_of(engine, cell_of)); };
}

std::function<double()> reading(const std::atomic<std::uint64_t>& counter) {
  return [&counter] { return static_cast<double>(counter.load(std::memory_order_relaxed)); };
}

}  // namespace

void export_process(observe::Metrics& metrics, const Clock& clock, const observe::Log& log) {
  metrics
      .gauge("togglecast_build_info", "Always 1; the version is a label.",
             {{"version", std::string(version())}})
      .set(1);
  metrics.gauge_from("togglecast_process_resident_bytes", "Resident memory of the process, in bytes.",
                     [] { return static_cast<double>(resident_bytes()); });
  metrics.gauge_from("togglecast_process_open_fds", "Open file descriptors.",
                     [] { return static_cast<double>(open_descriptors()); });
  metrics.gauge_from("togglecast_process_max_fds", "Limit of open file descriptors.",
                     [] { return static_cast<double>(descriptor_limit()); });
  metrics.counter_from("togglecast_process_cpu_seconds_total",
                       "CPU time that the process has used, in seconds.", cpu_seconds);
  metrics.counter_from("togglecast_log_lines_left_out_total",
                       "Log lines left out because the reader of the log had stopped.",
                       [&log] { return static_cast<double>(log.left_out()); });
  metrics.counter_from("togglecast_log_peer_lines_left_out_total",
                       "Log lines left out because peers without a valid token caused too many.",
                       [&log] { return static_cast<double>(log.peer_lines_left_out()); });
  metrics.gauge_from(
      "togglecast_uptime_seconds", "Seconds since the process started.",
      [&clock, began = clock.now()] { return std::chrono::duration<double>(clock.now() - began).count(); });
}

void export_shards(observe::Metrics& metrics, const net::ShardPool& shards) {
  using Counters = net::ShardCounters;
  metrics.gauge("togglecast_shards", "Threads that serve connections.")
      .set(static_cast<std::int64_t>(shards.size()));
  metrics.gauge_from("togglecast_streams_open", "Open TCP connections.",
                     sum_of(shards, &Counters::open_streams));
  const net::OutputBudget& output = shards.output_budget();
  metrics.gauge_from("togglecast_queued_bytes", "Bytes that wait for clients to take them.",
                     [&output] { return static_cast<double>(output.bytes()); });
  metrics.counter_from("togglecast_queues_shed_total",
                       "Connections closed because too many bytes waited for all clients (--queued-bytes).",
                       [&output] { return static_cast<double>(output.shed()); });
  const struct {
    const char* name;
    const char* help;
    Shards counter;
  } totals[] = {
      {"togglecast_streams_accepted_total", "Accepted TCP connections.", &Counters::accepted},
      {"togglecast_accept_errors_total", "TCP connections that could not be accepted.",
       &Counters::accept_errors},
      {"togglecast_received_bytes_total", "Bytes read from connections.", &Counters::bytes_in},
      {"togglecast_sent_bytes_total", "Bytes written to connections.", &Counters::bytes_out},
      {"togglecast_stream_writes_total", "Writes to connections.", &Counters::writes},
      {"togglecast_blocked_writes_total", "Writes that the kernel accepted only in part.",
       &Counters::blocked_writes},
      {"togglecast_overflowed_streams_total", "Connections closed because their send queue was full.",
       &Counters::overflowed_streams},
      {"togglecast_stalled_streams_total",
       "Connections closed because they took nothing of what waited for them (--stall-timeout).",
       &Counters::stalled_streams},
      {"togglecast_broadcast_frames_total",
       "Frames of broadcasts sent to connections; packets do not include them.", &Counters::broadcast_frames},
      {"togglecast_shard_turns_total", "Iterations of the event loops of all shards.", &Counters::turns},
      {"togglecast_failed_tasks_total", "Tasks that failed on a shard.", &Counters::failed_tasks},
  };
  for (const auto& total : totals)
    metrics.counter_from(total.name, total.help, sum_of(shards, total.counter));
}

void export_tls(observe::Metrics& metrics, const net::TlsContext& tls) {
  const net::TlsCounters& counters = tls.counters();
  constexpr const char* kHandshakes = "togglecast_tls_handshakes_total";
  constexpr const char* kHandshakesHelp = "Finished TLS handshakes, by whether a ticket resumed a session.";
  metrics.counter_from(kHandshakes, kHandshakesHelp, reading(counters.resumed_handshakes),
                       {{"resumed", "yes"}});
  metrics.counter_from(
      kHandshakes, kHandshakesHelp,
      [&counters] {  // read `resumed` first: it is never greater than `handshakes`
        const auto resumed = counters.resumed_handshakes.load(std::memory_order_relaxed);
        return static_cast<double>(counters.handshakes.load(std::memory_order_relaxed) - resumed);
      },
      {{"resumed", "no"}});
  for (std::size_t i = 0; i < net::kTlsFailures; ++i) {
    metrics.counter_from("togglecast_tls_handshake_failures_total", "TLS handshakes that failed, by reason.",
                         reading(counters.failures[i]),
                         {{"reason", std::string(net::to_string(static_cast<net::TlsFailure>(i)))}});
  }
  constexpr const char* kAlertsHelp = "TLS alerts by direction, close_notify not counted.";
  metrics.counter_from("togglecast_tls_alerts_total", kAlertsHelp, reading(counters.alerts_received),
                       {{"direction", "in"}});
  metrics.counter_from("togglecast_tls_alerts_total", kAlertsHelp, reading(counters.alerts_sent),
                       {{"direction", "out"}});
  metrics.gauge_from("togglecast_tls_certificate_expiry_timestamp_seconds",
                     "When the certificate in use expires, in seconds since 1970.",
                     [&tls] { return static_cast<double>(tls.validity().until.value) / 1'000; });
}

void export_http(observe::Metrics& metrics, const web::HttpServer& http, std::string_view listener) {
  const web::HttpCounters& counters = http.counters();
  const observe::Metrics::Labels labels{{"listener", std::string(listener)}};
  metrics.gauge_from("togglecast_http_connections_open", "Open HTTP connections.",
                     reading(counters.open_connections), labels);
  metrics.counter_from("togglecast_http_received_total", "Requests read, those of Socket.IO included.",
                       reading(counters.requests), labels);
  for (std::size_t i = 0; i < counters.refused.size(); ++i) {
    auto of_status = labels;
    of_status.emplace_back("status", std::to_string(web::HttpCounters::kRefusals[i]));
    metrics.counter_from(
        "togglecast_http_malformed_total",
        "Requests refused before a handler ran: 408 took too long, 413, 414 and 431 were too large.",
        reading(counters.refused[i]), of_status);
  }
  metrics.counter_from("togglecast_http_foreign_hosts_total",
                       "Requests refused because no --public-url lists the host that they name.",
                       reading(counters.foreign_hosts), labels);
  metrics.counter_from("togglecast_http_aborted_total",
                       "Requests whose client disconnected before the answer.",
                       reading(counters.aborted_requests), labels);
}

void export_engine(observe::Metrics& metrics, const engineio::Server& engine) {
  using Counters = engineio::Counters;
  metrics.gauge_from("togglecast_sessions_open", "Open Engine.IO sessions.",
                     reading(engine, [](const Counters& c) -> const Cell& { return c.sessions_open; }));
  metrics.counter_from("togglecast_sessions_opened_total", "Engine.IO sessions that began.",
                       reading(engine, [](const Counters& c) -> const Cell& { return c.sessions_opened; }));
  metrics.counter_from("togglecast_upgrades_total", "Sessions that moved from polling to WebSocket.",
                       reading(engine, [](const Counters& c) -> const Cell& { return c.upgrades; }));
  metrics.counter_from("togglecast_packets_total", "Engine.IO packets by direction.",
                       reading(engine, [](const Counters& c) -> const Cell& { return c.packets_in; }),
                       {{"direction", "in"}});
  metrics.counter_from("togglecast_packets_total", "Engine.IO packets by direction.",
                       reading(engine, [](const Counters& c) -> const Cell& { return c.packets_out; }),
                       {{"direction", "out"}});
  const struct {
    const char* name;
    const char* help;
    std::atomic<std::uint64_t> web::DeflateCounters::*counter;
  } deflated[] = {
      {"togglecast_deflated_messages_total", "Messages compressed; each counts once for all its receivers.",
       &web::DeflateCounters::compressed},
      {"togglecast_deflated_reused_total", "Compressed messages sent again without new work.",
       &web::DeflateCounters::reused},
      {"togglecast_deflated_bytes_before_total", "Bytes of compressed messages before compression.",
       &web::DeflateCounters::bytes_before},
      {"togglecast_deflated_bytes_after_total", "Bytes of compressed messages.",
       &web::DeflateCounters::bytes_after},
      {"togglecast_deflated_hurried_total",
       "Large messages sent uncompressed, because too many waited for their compression.",
       &web::DeflateCounters::hurried},
  };
  for (const auto& total : deflated) {
    metrics.counter_from(total.name, total.help, [&engine, counter = total.counter] {
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i < engine.shard_count(); ++i)
        sum += (engine.deflate_counters(i).*counter).load(std::memory_order_relaxed);
      return static_cast<double>(sum);
    });
  }
  constexpr std::array kCodes{"unknown_transport", "unknown_sid", "bad_handshake_method",
                              "bad_request",       "forbidden",   "unsupported_version"};
  for (std::size_t code = 0; code < kCodes.size(); ++code) {
    metrics.counter_from(
        "togglecast_handshakes_refused_total", "Refused Engine.IO requests by error code.",
        reading(engine, [code](const Counters& c) -> const Cell& { return c.refused[code]; }),
        {{"code", kCodes[code]}});
  }
  metrics.counter_from("togglecast_sessions_of_other_nodes_total",
                       "Requests for sessions that another node made: a balancer without sticky sessions.",
                       reading(engine, [](const Counters& c) -> const Cell& { return c.other_node; }));
  for (const auto kind : {engineio::TransportKind::polling, engineio::TransportKind::websocket}) {
    metrics.counter_from("togglecast_sessions_sent_away_total",
                         "Engine.IO sessions that a stop of the server sent away, by transport.",
                         reading(engine,
                                 [kind](const Counters& c) -> const Cell& {
                                   return c.sent_away[static_cast<std::size_t>(kind)];
                                 }),
                         {{"transport", std::string(engineio::to_string(kind))}});
  }
  for (std::size_t reason = 0; reason < Counters{}.closed.size(); ++reason) {
    std::string text(engineio::to_string(static_cast<engineio::CloseReason>(reason)));
    metrics.counter_from(
        "togglecast_sessions_closed_total", "Ended Engine.IO sessions by reason.",
        reading(engine, [reason](const Counters& c) -> const Cell& { return c.closed[reason]; }),
        {{"reason", std::move(text)}});
  }
}

void export_limits(observe::Metrics& metrics, socketio::Server& io) {
  constexpr const char* kName = "togglecast_limits_passed_total";
  constexpr const char* kHelp = "How often connections exceeded a limit, by limit.";
  for (std::size_t i = 0; i < engineio::kLimits; ++i) {
    metrics.counter_from(
        kName, kHelp,
        reading(io.engine(), [i](const engineio::Counters& c) -> const Cell& { return c.limits_passed[i]; }),
        {{"limit", std::string(to_string(static_cast<engineio::Limit>(i)))}});
  }
  for (std::size_t i = 0; i < socketio::kLimits; ++i) {
    const auto limit = static_cast<socketio::Limit>(i);
    metrics.counter_from(kName, kHelp, reading(io.passed(limit)), {{"limit", std::string(to_string(limit))}});
  }
}

void export_sockets(observe::Metrics& metrics, socketio::Server& io,
                    std::initializer_list<std::string_view> namespaces) {
  for (const std::string_view name : namespaces) {
    const socketio::Namespace& nsp = io.of(name);
    metrics.gauge_from("togglecast_sockets", "Connected sockets by namespace.",
                       [&nsp] { return static_cast<double>(nsp.local_count()); },
                       {{"namespace", std::string(name)}});
  }
}

std::uint64_t open_sessions(const engineio::Server& engine) {
  return sum_of(engine, [](const engineio::Counters& c) -> const Cell& { return c.sessions_open; });
}

std::uint64_t sessions_sent_away(const engineio::Server& engine, engineio::TransportKind transport) {
  return sum_of(engine, [transport](const engineio::Counters& c) -> const Cell& {
    return c.sent_away[static_cast<std::size_t>(transport)];
  });
}

}  // namespace togglecast::app
