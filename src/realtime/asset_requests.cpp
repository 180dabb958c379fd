#include "realtime/asset_requests.hpp"

#include <utility>

#include "delivery/subscriber_index.hpp"
#include "domain/schema/fields.hpp"
#include "realtime/protocol/requests.hpp"
#include "service/accounts/log_field.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kLongestHash = 64;

Result<std::string> sha256_argument(const socketio::Event& event) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  domain::FieldReader in(*request);
  auto sha256 = in.line("sha256", kLongestHash);
  in.require({"sha256"});
  return in.finish(sha256.value_or(""));
}

void send(const Reply& reply, std::string_view sha256, std::string_view type, std::size_t size,
          const SharedBytes& frame) {
  reply.with_bytes({{"sha256", sha256}, {"type", type}, {"size", size}}, "bytes", frame);
}

}  // namespace

SharedBytes AssetFrames::find(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return {};
  used_.splice(used_.begin(), used_, found->second);
  return found->second->second;
}

void AssetFrames::put(const std::string& key, const SharedBytes& frame) {
  if (frame.size() > most_bytes_ || by_key_.contains(key)) return;
  used_.emplace_front(key, frame);
  by_key_.emplace(key, used_.begin());
  bytes_ += frame.size();
  while (bytes_ > most_bytes_) {
    bytes_ -= used_.back().second.size();
    by_key_.erase(used_.back().first);
    used_.pop_back();
  }
}

AssetRequests::AssetRequests(net::ShardPool& shards, service::AssetService& assets, const Options& options,
                             observe::PeerLog log, observe::Metrics& metrics)
    : assets_(assets),
      options_(options),
      log_(log),
      frames_(shards.size(), AssetFrames(options.asset_frames)),
      limited_(metrics.counter("togglecast_realtime_assets_limited_total",
                               "asset_get refused because a connection read too many bytes.")) {}

void AssetRequests::answer(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto sha256 = sha256_argument(event);
  if (!sha256) return reply.refuse(sha256.error());
  const auto found = assets_.find(subscriber.who, *subscriber.home().state, *sha256);
  if (!found) return reply.refuse(found.error());
  net::Shard& shard = subscriber.socket.shard();
  const Milliseconds wait =
      subscriber.meters().assets.take(options_.assets, shard.now(), static_cast<double>(found->size));
  if (wait != Milliseconds{0}) {
    limited_.add();
    log_.limit("--asset-rate", service::log_field(subscriber.who));
    return reply.refuse(
        too_fast("too many bytes of assets on this connection; slow down (--asset-rate)", wait).value());
  }
  const std::string key = subscriber.who.environment + '/' + *sha256;
  AssetFrames& frames = frames_[shard.index()];
  if (found->type) {
    if (const SharedBytes frame = frames.find(key))
      return send(reply, *sha256, *found->type, found->size, frame);
  }
  const bool keep = found->type.has_value();
  assets_.load(subscriber.who.environment, *found,
               [reply, key, keep, &frames](Result<service::LoadedAsset> asset) {
                 reply.resume([reply, key, keep, &frames, asset = std::move(asset)] {
                   if (!asset) return reply.refuse(asset.error());
                   SharedBytes frame = frames.find(key);
                   if (!frame) {
                     frame = socketio::EncodedPacket::frame(asset->bytes.view());
                     if (keep) frames.put(key, frame);
                   }
                   send(reply, asset->sha256, asset->type, asset->bytes.size(), frame);
                 });
               });
}

}  // namespace togglecast::realtime
