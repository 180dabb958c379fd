#include "adapters/redis_adapters.hpp"

#include <future>
#include <map>
#include <mutex>
#include <utility>

#include "adapters/classic_link.hpp"
#include "adapters/cluster_node.hpp"
#include "adapters/sharded_link.hpp"
#include "adapters/stream_reader.hpp"
#include "adapters/streams_link.hpp"

namespace togglecast::adapters {
namespace {

/// The readers of the streams that are in use.
struct StreamReaders {
  std::shared_ptr<StreamReader> of(cluster::redis::Client& client, const StreamsOptions& options,
                                   const std::string& stream) {
    const std::lock_guard lock(mutex);
    auto reader = by_stream[stream].lock();
    if (reader == nullptr) {
      reader = std::make_shared<StreamReader>(client, options, stream);
      by_stream[stream] = reader;
    }
    return reader;
  }

  std::mutex mutex;
  std::map<std::string, std::weak_ptr<StreamReader>> by_stream;
};

}  // namespace

AdapterFactory classic_adapter(cluster::redis::Client& client, ClusterOptions options) {
  return [&client, options = std::move(options)](socketio::LocalNode& node) {
    return cluster_adapter(std::make_shared<ClusterNode>(
        node, std::make_shared<ClassicLink>(client, options, node.name()), options));
  };
}

AdapterFactory sharded_adapter(cluster::redis::Client& client, ShardedOptions options) {
  return [&client, options = std::move(options)](socketio::LocalNode& node) {
    return cluster_adapter(std::make_shared<ClusterNode>(
        node, std::make_shared<ShardedLink>(client, options, node.name()), options.cluster));
  };
}

AdapterFactory streams_adapter(cluster::redis::Client& client, StreamsOptions options) {
  return [&client, options = std::move(options),
          readers = std::make_shared<StreamReaders>()](socketio::LocalNode& node) {
    const std::string stream = stream_of(node.name(), options.stream_name, options.stream_count);
    return cluster_adapter(std::make_shared<ClusterNode>(
        node,
        std::make_shared<StreamsLink>(client, options, readers->of(client, options, stream), stream, node),
        options.cluster));
  };
}

void flush(cluster::redis::Client& client, Milliseconds timeout) {
  auto answered = std::make_shared<std::promise<void>>();
  auto waits = answered->get_future();
  client.command({"PING"}, [answered](const Result<cluster::redis::Reply>&) { answered->set_value(); });
  waits.wait_for(timeout);
}

}  // namespace togglecast::adapters
