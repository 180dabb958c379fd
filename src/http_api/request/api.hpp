// The REST entrance. Every request passes these steps, in this order:
//
//   token, origin, rate limit, `Togglecast-Min-Revision`, content type, handler, answer, log line
//
// refusals.cpp answers requests without a route and requests that cannot be read.
//
//   http_api::Api api(shards, routes(), application, options, clock, log, metrics);
//   api.mount(router);                 // before the server starts
//   api.enter(Phase::serving);
//
// Thread rule: construct and mount it before the shards start, drop it after they stop. `enter` may be called
// on any thread. A request runs on its shard; answers of services return to that shard.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/token_bucket.hpp"
#include "http_api/request/body_texts.hpp"
#include "http_api/request/kept_answers.hpp"
#include "http_api/request/kept_responses.hpp"
#include "http_api/request/reader_rates.hpp"
#include "http_api/request/revision_wait.hpp"
#include "net/shard_pool.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "service/accounts/admin_rates.hpp"
#include "service/application.hpp"
#include "service/cluster/cluster_view.hpp"
#include "service/cluster/connection_list.hpp"
#include "service/cluster/history_view.hpp"
#include "service/messages/message_sender.hpp"
#include "web/cors.hpp"
#include "web/router.hpp"

namespace togglecast::delivery {
class Rollouts;
}

namespace togglecast::http_api {

class Call;
class Console;
class Streams;
struct Route;

/// The state of the process; `/readyz` answers 200 only while serving.
enum class Phase : std::uint8_t { starting, serving, draining };
[[nodiscard]] std::string_view to_string(Phase phase) noexcept;

struct Options {
  std::string version;
  std::string environment;                     ///< of a login that names none; shown on the page at `/`
  std::string owner{service::kFirstOwner};     ///< used in the commands on that page
  web::CorsOptions cors{};                     ///< `allowed_headers` are added to those that the API reads
  std::string origin_option{"--cors-origin"};  ///< named in the refusal of an origin
  std::size_t max_body = 64 * 1'024;
  std::size_t max_write_body = 1'024 * 1'024;     ///< of changes by admins whose role may make them
  std::size_t json_depth = 32;                    ///< of bodies
  bool exempt_loopback = false;                   ///< logins from this machine have no limit by address
  Rate writes{.per_second = 10, .burst = 30};     ///< of each admin
  Rate reads{.per_second = 500, .burst = 2'000};  ///< of each admin, in the units of read_cost.hpp
  Rate assets{.per_second = 4'194'304, .burst = 16'777'216};  ///< bytes, of each reader at each address
  Rate evaluations{.per_second = 1'000, .burst = 5'000};      ///< by OFREP, of each reader at each address
  Milliseconds min_revision_wait{1'000};
  /// Serves POST /api/v1/broadcasts; must outlive the API. Null: the server has no sockets.
  service::MessageSender* messages = nullptr;
  /// Serves GET /api/v1/changes/{revision}/rollout, and `rollout` in the activity; must outlive the API. Null
  /// as above.
  delivery::Rollouts* rollouts = nullptr;
  /// Serves GET /api/v1/cluster and where the connections of a client are; must outlive the API. Null: both
  /// are `unavailable`.
  const service::ClusterView* cluster = nullptr;
  /// Serves GET /api/v1/dashboard/history; must outlive the API. Null as above.
  service::HistoryView* history = nullptr;
  /// Serves GET /api/v1/dashboard/client-metrics; must outlive the API. Null as above.
  service::MetricHistoryView* metric_history = nullptr;
  /// Serves /api/v1/connections; must outlive the API. Null as above.
  service::ConnectionList* connections = nullptr;
  /// Served at `/`; must outlive the API. Null: a page with the first steps as commands.
  const Console* console = nullptr;
  /// Serves GET /api/v1/stream and the notices of OFREP; must outlive the API. Null: both are `unavailable`,
  /// and OFREP names no notices.
  Streams* streams = nullptr;
  /// Adds members to the detailed health that only the wiring knows.
  std::function<void(json::object& health)> describe{};
};

class Api {
 public:
  /// `routes`, `application`, `clock`, `log` and `metrics` must outlive it.
  Api(net::ShardPool& shards, std::span<const Route> routes, service::Application& application,
      Options options, const Clock& clock, observe::PeerLog log, observe::Metrics& metrics);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  ~Api();

  /// Adds all routes.
  void mount(web::Router& router);
  /// Adds only metrics and health, without a token: everyone who can reach the listener may read them.
  void mount_metrics(web::Router& router);

  void enter(Phase phase) noexcept { phase_.store(phase, std::memory_order_relaxed); }
  [[nodiscard]] Phase phase() const noexcept { return phase_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::span<const Route> routes() const noexcept { return routes_; }
  [[nodiscard]] service::Application& application() noexcept { return application_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  [[nodiscard]] const web::Cors& cors() const noexcept { return cors_; }
  [[nodiscard]] observe::Metrics& metrics() noexcept { return metrics_; }
  [[nodiscard]] BodyTexts& bodies() noexcept { return bodies_; }
  [[nodiscard]] KeptAnswers& answers() noexcept { return answers_; }
  [[nodiscard]] KeptResponses& responses() noexcept { return responses_; }
  /// Charges the reader of a call for bytes of assets. `rate_limited` with the time to wait.
  [[nodiscard]] Result<void> charge_asset(const std::string& reader, std::size_t bytes);
  /// The same for evaluations by OFREP.
  [[nodiscard]] Result<void> charge_evaluation(const std::string& reader, std::size_t units);
  /// The limit of changes of each admin, which other nodes may share.
  [[nodiscard]] service::AdminRates& writes() noexcept { return writes_; }
  /// The limit of reads of each admin, which other entrances share.
  [[nodiscard]] service::AdminRates& reads() noexcept { return reads_; }
  [[nodiscard]] UnixMillis started_at() const noexcept { return started_at_; }

 private:
  friend class Call;
  struct Meter;  // of one route

  static constexpr std::size_t kLoggedPath = 200;          // bytes
  static constexpr std::size_t kLargeBodies = 32;          // that are read at the same time
  static constexpr std::size_t kReadOnShard = 64 * 1'024;  // bytes of a body; a worker parses larger ones

  // Counts one large body while it is read.
  struct LargeBody {
    explicit LargeBody(std::atomic<std::size_t>& counter) : reading(counter) { ++reading; }
    LargeBody(const LargeBody&) = delete;
    LargeBody& operator=(const LargeBody&) = delete;
    ~LargeBody() { --reading; }
    std::atomic<std::size_t>& reading;
  };

  void add(web::Router& router, const Route& route);
  /// Adds refusals of the methods that a path does not have.
  void add_refusals(web::Router& router, const std::vector<const Route*>& routes_of_path);
  /// Adds the refusal of unknown paths.
  void add_refusals(web::Router& router);
  void serve(const std::shared_ptr<Call>& call);
  void serve_known(const std::shared_ptr<Call>& call);
  void run(const std::shared_ptr<Call>& call);
  void run_again_as(const std::shared_ptr<Call>& call, const Result<service::Principal>& who);
  /// Runs `task`. Logs an exception and answers 500.
  void run_guarded(const std::shared_ptr<Call>& call, const std::function<void()>& task);
  /// Charges a read for the size of its answer.
  void charge(const Call& call, std::size_t bytes);
  /// Counts and logs an answer.
  void finished(const Call& call, unsigned status, std::string_view code);
  /// Answers a request that never becomes a call.
  void respond(const web::ExchangePtr& exchange, wire::http::Response response) const;
  /// The problem of a request that could not be read completely. `by_ofrep`: with the members of OFREP.
  [[nodiscard]] wire::http::Response unread(const wire::http::Request& request, unsigned status,
                                            std::string_view message, bool by_ofrep = false);
  /// The bodies that a caller with the right to change something may send to a route, and the option that
  /// says so.
  struct LargeBodies {
    std::size_t bytes = 0;  ///< 0: none that are larger than others
    auth::Action action{};  ///< of the route
    std::string_view option{};
  };
  [[nodiscard]] LargeBodies large_bodies_of(const Route* route) const;
  /// The refusal of a body above its limit, which it names.
  [[nodiscard]] wire::http::Response too_large(const wire::http::Request& request, const LargeBodies& large,
                                               bool by_ofrep);
  /// Counts and logs a request of a page whose origin is not allowed.
  [[nodiscard]] Error foreign(const wire::http::Request& request, std::string_view request_id,
                              const web::Peer& peer);
  void serve_as(const std::shared_ptr<Call>& call, const Result<service::Principal>& who);
  /// The principal of the request's token; `unauthenticated` without one.
  /// Without `address`, an API key that is limited to some passes: where nothing but limits depends on it.
  [[nodiscard]] Result<service::Principal> identify(const wire::http::Request& request,
                                                    std::optional<std::string_view> address) const;
  /// Adds `Togglecast-Revision` if the request has a valid token.
  void add_revision_header(const wire::http::Request& request, std::string_view address,
                           wire::http::Headers& headers) const;
  /// Of this route; null: of no route.
  [[nodiscard]] web::RouteOptions route_options(const Route* route = nullptr);
  /// Whether the body of this request may be larger than others, up to `most` bytes. Looks at the token only
  /// if that matters.
  [[nodiscard]] bool may_send_large_body(const wire::http::Request& request, std::size_t most,
                                         auth::Action action) const;

  std::span<const Route> routes_;
  service::Application& application_;
  Options options_;
  const Clock& clock_;
  observe::PeerLog log_;
  observe::Metrics& metrics_;
  web::Cors cors_;
  UnixMillis started_at_;
  std::string unread_prefix_;  // makes the ids of unread requests unique across restarts
  std::atomic<std::uint64_t> unread_{0};
  std::atomic<std::size_t> large_bodies_{0};
  std::atomic<Phase> phase_{Phase::starting};
  service::AdminRates writes_, reads_;
  ReaderRates asset_rates_, evaluation_rates_;
  BodyTexts bodies_;
  KeptAnswers answers_;
  KeptResponses responses_;
  RevisionWait revisions_;
  std::vector<std::unique_ptr<Meter>> meters_;
  observe::Histogram& seconds_;
  observe::Counter& foreign_origins_;
  observe::Counter& writes_limited_;
  observe::Counter& reads_limited_;
  observe::Counter& assets_limited_;
  observe::Counter& evaluations_limited_;
  observe::Counter& bodies_limited_;
  observe::Counter& revision_missed_;
};

}  // namespace togglecast::http_api
