#include "cluster/bus.hpp"

namespace togglecast::cluster {
namespace {

class LocalBus final : public Bus {
 public:
  explicit LocalBus(std::string node) : node_(std::move(node)) {}
  [[nodiscard]] const std::string& node() const noexcept override { return node_; }
  void publish(std::string_view /*channel*/, std::string_view /*payload*/) noexcept override {}
  [[nodiscard]] Subscription subscribe(std::string /*channel*/, Handler /*handler*/) override { return {}; }
  [[nodiscard]] BusHealth health() const override { return {}; }

 private:
  std::string node_;
};

}  // namespace

std::unique_ptr<Bus> local_bus(std::string node) { return std::make_unique<LocalBus>(std::move(node)); }

}  // namespace togglecast::cluster
