// The steps of a probe, in their order. Everything that they make has a key that begins with `kPrefix` and is
// removed at the end, whatever happens before. Thread rule: one thread; it waits.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/probe/http_call.hpp"
#include "app/probe/loop.hpp"
#include "app/probe/probe_socket.hpp"
#include "app/probe/report.hpp"
#include "domain/schema/ids.hpp"
#include "realtime/protocol/events.hpp"

namespace togglecast::app::probe {

inline constexpr std::string_view kPrefix = "togglecast-probe-";

struct RunOptions {
  Secret admin_token;
  Secret client_token;    ///< empty: a client of its own is made, and a token for it
  bool logs_out = false;  ///< the admin's token was made for this probe
  std::size_t rounds = 3;
  bool everyone = false;  ///< also the steps that other connections notice
};

class Run {
 public:
  Run(Loop& loop, const Target& target, RunOptions options);

  void all_steps();
  /// After the steps, however they ended.
  void clean_up();
  [[nodiscard]] const Report& report() const noexcept { return report_; }

 private:
  // A connection that hears pushes.
  struct Place {
    std::string name;  // `client polling`
    std::unique_ptr<ProbeSocket> socket;
  };
  using Events = std::initializer_list<std::string_view>;

  [[nodiscard]] bool check_server();
  [[nodiscard]] bool connect_admins();
  [[nodiscard]] bool make_entities();
  [[nodiscard]] bool make_client();
  [[nodiscard]] bool connect_clients();
  /// What later requests need: an asset of the feature, and a message to each side that wants to be
  /// acknowledged.
  void make_asset();
  void make_messages();
  void requests_of(Place& place, std::span<const realtime::event::Request> requests);
  void subscriptions();
  void pushes();
  void platform_pushes();
  void catch_up();
  void broadcasts();
  void announcements();
  void system_status();
  void receipts();
  /// Until the rollout of the change counts both clients at this stage.
  [[nodiscard]] Result<TimePoint> wait_for_stage(domain::Id revision, const char* stage);
  void resume(ProbeSocket::Transport transport, bool of_admin);
  void ends_of_tokens();

  /// The argument of a request event; null if the probe does not know the event.
  [[nodiscard]] json::value argument_of(std::string_view event, bool of_admin) const;
  /// Runs a step whose result is its time in milliseconds. False: it failed.
  bool measured(std::string_view where, std::string_view step, Events events,
                const std::function<Result<double>()>& act);
  /// A change over REST, and the time until each of these places hears of it.
  void push(std::string_view step, std::string_view method, const std::string& path, const json::value& body,
            std::string_view event, const ProbeSocket::Wanted& wanted, std::initializer_list<Place*> hearers,
            std::string_view also = {});
  [[nodiscard]] Result<Rest::Reply> rest(std::string_view method, const std::string& path,
                                         const json::value& body = nullptr);
  [[nodiscard]] Result<domain::Id> create(std::string_view collection, json::object body);
  void remove_all(std::string_view collection);
  [[nodiscard]] json::object auth_of(const Secret& token) const;

  Loop& loop_;
  const Target& target_;
  RunOptions options_;
  Rest rest_;
  Report report_;
  std::string key_;  // of all that this run makes, or its beginning
  bool made_ = false;

  Place admin_, admin_polling_, client_, client_polling_;
  domain::Id admin_id_ = 0, feature_ = 0, package_ = 0, client_id_ = 0;
  Secret client_token_;
  std::string asset_;                           // its SHA-256
  std::string admin_message_, client_message_;  // their ids
  bool own_client_ = true;
  std::string not_alone_;  // why steps that others notice are left out; empty: they are not
};

}  // namespace togglecast::app::probe
