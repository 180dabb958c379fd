#include "app/cluster_link.hpp"

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "app/wiring.hpp"
#include "auth/signing_key.hpp"
#include "base/digest.hpp"
#include "cluster/redis/client.hpp"
#include "cluster/redis_bus.hpp"

namespace togglecast::app {
namespace {

constexpr std::size_t kLeastSecret = 16;
constexpr std::string_view kPurpose = "cluster bus";

// Follows from the signing keys of the installation, which the store has for all nodes.
class StoreKeys final : public cluster::BusKeys {
 public:
  explicit StoreKeys(const service::Application& application) : application_(application) {}
  [[nodiscard]] Signature sign(std::string_view text) const override {
    const auth::SigningKey key = application_.derived_key(kPurpose);
    return {key.kid(), key.sign(text)};
  }
  [[nodiscard]] bool verify(std::string_view key, std::string_view text,
                            std::string_view mac) const override {
    const auto known = application_.derived_key(kPurpose, key);
    return known && known->verify(text, mac);
  }

 private:
  const service::Application& application_;
};

// Of `--cluster-key-file`.
class FileKey final : public cluster::BusKeys {
 public:
  explicit FileKey(auth::SigningKey key) : key_(std::move(key)) {}
  [[nodiscard]] Signature sign(std::string_view text) const override { return {key_.kid(), key_.sign(text)}; }
  [[nodiscard]] bool verify(std::string_view key, std::string_view text,
                            std::string_view mac) const override {
    return key == key_.kid() && key_.verify(text, mac);
  }

 private:
  auth::SigningKey key_;
};

Result<std::unique_ptr<cluster::BusKeys>> keys_of(const Settings& settings,
                                                  const service::Application& application) {
  if (settings.cluster_key_file.empty()) return std::make_unique<StoreKeys>(application);
  const auto secret = read_secret(settings.cluster_key_file, "--cluster-key-file");
  if (!secret) return tl::unexpected(secret.error());
  if (secret->reveal().size() < kLeastSecret)
    return fail(Errc::invalid_argument, "--cluster-key-file: the secret in " +
                                            settings.cluster_key_file.string() + " has fewer than " +
                                            std::to_string(kLeastSecret) +
                                            " characters; `openssl rand -hex 32` makes a good one");
  const Sha256 digest = sha256("togglecast cluster key\n" + secret->reveal());
  return auth::SigningKey::make(
             "file", Secret(std::string(reinterpret_cast<const char*>(digest.data()), digest.size())))
      .map([](auth::SigningKey key) -> std::unique_ptr<cluster::BusKeys> {
        return std::make_unique<FileKey>(std::move(key));
      });
}

}  // namespace

Result<std::unique_ptr<ClusterLink>> ClusterLink::open(const Settings& settings, std::string node,
                                                       service::Application& application, Runtime& runtime) {
  std::unique_ptr<ClusterLink> link(new ClusterLink);
  if (settings.redis.empty()) {
    link->bus_ = cluster::local_bus(std::move(node));
    return link;
  }
  auto keys = keys_of(settings, application);
  if (!keys) return tl::unexpected(keys.error());
  link->keys_ = *std::move(keys);
  auto options = redis_options(settings);
  if (!options) return tl::unexpected(options.error());
  options->name = "togglecast-" + node;
  auto client = cluster::redis::open_client(*options, &runtime.metrics);
  if (!client) return tl::unexpected(client.error());
  // Changes have connections of their own, so that a large one delays no message.
  auto stream_client = (*client)->open_another();
  auto bus = cluster::redis_bus(*std::move(client),
                                {.node = std::move(node),
                                 .prefix = settings.redis_prefix,
                                 .server = cluster::redis::describe(options->address)},
                                *link->keys_, runtime.clock, runtime.log, runtime.metrics);
  if (!bus) return tl::unexpected(bus.error());
  link->bus_ = *std::move(bus);
  replication::ChangeStreamOptions stream;
  stream.prefix = settings.redis_prefix;
  stream.length = settings.redis_stream_length;
  link->stream_ = std::make_unique<replication::ChangeStream>(
      std::move(stream_client),
      replication::ChangeStreamParts{application.feed(), application.model(), application.reader(),
                                     *link->bus_, runtime.log, runtime.metrics},
      stream);
  return link;
}

void ClusterLink::start() {
  if (stream_ != nullptr) stream_->start();
}

void ClusterLink::stop() {
  if (stream_ != nullptr) stream_->stop();
}

json::object ClusterLink::describe() const {
  const cluster::BusHealth health = bus_->health();
  if (health.state == cluster::BusState::local) return {{"kind", "local"}, {"status", "ok"}};
  json::object out{
      {"kind", "redis"}, {"status", to_string(health.state)}, {"since", to_iso8601(health.since)}};
  const std::string problem =
      health.problem.empty() && stream_ != nullptr ? stream_->problem() : health.problem;
  if (!problem.empty()) out["problem"] = problem;
  return out;
}

}  // namespace togglecast::app
