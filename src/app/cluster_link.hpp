// What ties this node to the others, and its changes to other services: the bus, over Redis if `--redis`
// names one, and then the streams of changes. Thread rule: one thread; `describe` from any.
#pragma once

#include <memory>

#include "app/config/settings.hpp"
#include "app/process/runtime.hpp"
#include "base/json.hpp"
#include "cluster/bus.hpp"
#include "cluster/bus_keys.hpp"
#include "replication/change_stream.hpp"
#include "service/application.hpp"

namespace togglecast::app {

class ClusterLink {
 public:
  /// Begins to connect; Redis need not be there. `node`: the id of this node. `invalid_argument` names a file
  /// that cannot be read.
  /// `application` and `runtime` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ClusterLink>> open(const Settings& settings, std::string node,
                                                                 service::Application& application,
                                                                 Runtime& runtime);
  ~ClusterLink() { stop(); }
  ClusterLink(const ClusterLink&) = delete;
  ClusterLink& operator=(const ClusterLink&) = delete;

  [[nodiscard]] cluster::Bus& bus() noexcept { return *bus_; }
  void start();
  /// Before the application stops. The bus stays.
  void stop();
  /// `{kind, status, since?, problem?}`.
  [[nodiscard]] json::object describe() const;

 private:
  ClusterLink() = default;

  std::unique_ptr<cluster::BusKeys> keys_;
  std::unique_ptr<cluster::Bus> bus_;
  std::unique_ptr<replication::ChangeStream> stream_;  // null without Redis
};

}  // namespace togglecast::app
