#include "service/assets/asset_service.hpp"

#include <tuple>
#include <utility>

#include "base/digest.hpp"
#include "changes/worker_pool.hpp"
#include "domain/state/client_view.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/assets/asset_builds.hpp"
#include "service/catalogue/entity_service.hpp"

namespace togglecast::service {
namespace {

tl::unexpected<Error> no_asset(std::string_view sha256) {
  constexpr std::size_t kShown = 64;
  return fail(Errc::not_found, "there is no asset '" + std::string(sha256.substr(0, kShown)) + "'");
}

std::string operation(std::string_view verb, const std::string& name, domain::Kind kind, domain::Id id) {
  return std::string(verb) + " asset " + name + " of " + std::string(domain::to_string(kind)) + ' ' +
         std::to_string(id);
}

}  // namespace

AssetService::AssetService(changes::Committer& committer, changes::StoreReader& reader,
                           observe::Metrics& metrics, const AssetOptions& options)
    : committer_(committer),
      reader_(reader),
      options_(options),
      cache_(options.cache, metrics),
      reads_(metrics.counter("togglecast_asset_reads_total", "Assets read, over HTTP and sockets.")),
      read_bytes_(metrics.counter("togglecast_asset_read_bytes_total", "Bytes of the assets read.")),
      refused_(metrics.counter("togglecast_assets_refused_total",
                               "Uploads refused because they or all assets together are too large.")) {}

Result<void> AssetService::check(const Upload& upload) const {
  if (!domain::is_key(upload.name))
    return fail(Errc::invalid_argument, "the name of the asset " + std::string(domain::kKeyRule));
  if (upload.bytes.empty())
    return fail(Errc::invalid_argument, "an asset has at least one byte; send it as the body of the request");
  if (upload.type.size() > domain::kMaxAssetType)
    return fail(Errc::invalid_argument, "the header Content-Type must be at most " +
                                            std::to_string(domain::kMaxAssetType) + " bytes");
  if (upload.bytes.size() <= options_.size) return {};
  return fail(Errc::payload_too_large, "the asset has " + std::to_string(upload.bytes.size()) +
                                           " bytes; the limit is " + std::to_string(options_.size) +
                                           " bytes (--asset-size)");
}

void AssetService::put(const Principal& who, domain::Kind kind, domain::Id id, const Upload& upload,
                       const WriteOptions& options, changes::Done done) {
  if (auto ok = check(upload); !ok) {
    if (ok.error().code == Errc::payload_too_large) refused_.add();
    return done(tl::unexpected(ok.error()));
  }
  domain::Asset asset{upload.name, domain::hex(sha256(upload.bytes)),
                      static_cast<std::int64_t>(upload.bytes.size()), upload.type};
  const json::value asked(to_json(asset));
  submit_write(
      committer_, who, write_action(kind), options, operation("put", upload.name, kind, id), asked,
      build_asset(kind, id, std::move(asset), SharedBytes(upload.bytes), options_.storage, options.if_match),
      std::move(done));
}

void AssetService::remove(const Principal& who, domain::Kind kind, domain::Id id, const std::string& name,
                          const WriteOptions& options, changes::Done done) {
  submit_write(committer_, who, write_action(kind), options, operation("remove", name, kind, id), nullptr,
               build_asset_removal(kind, id, name, options.if_match), std::move(done));
}

Result<ReadableAsset> AssetService::find(const Principal& who, const domain::Snapshot& state,
                                         std::string_view sha256) const {
  if (!domain::is_sha256(sha256)) return no_asset(sha256);
  const domain::Asset* found = nullptr;
  if (who.kind == Principal::Kind::client) {
    const auto* client = state.peek<domain::Client>(who.id);
    if (client != nullptr) found = domain::ClientView(state, *client, nullptr).asset(sha256);
    if (found == nullptr) return no_asset(sha256);
  } else {
    if (auto allowed = require(who, auth::Action::read_asset); !allowed)
      return tl::unexpected(allowed.error());
    found = domain::find_asset(state, sha256);
    if (found == nullptr) return ReadableAsset{std::string(sha256), std::nullopt, options_.size};
  }
  return ReadableAsset{found->sha256, found->type, static_cast<std::size_t>(found->size)};
}

void AssetService::count_read(std::size_t bytes) {
  reads_.add();
  read_bytes_.add(bytes);
}

void AssetService::load(const std::string& environment, const ReadableAsset& asset, AssetDone done) {
  if (!asset.type) return load_kept(environment, asset.sha256, std::move(done));
  const auto from_store = [this, &environment, &asset](std::function<void(Result<SharedBytes>)> then) {
    // When too many wait, `then` is dropped, and the cache says so.
    std::ignore =
        reader_.submit([environment, sha256 = asset.sha256, then = std::move(then)](storage::Reader& reader) {
          auto stored = reader.asset(environment, sha256);
          if (!stored) return then(tl::unexpected(stored.error()));
          if (!*stored) return then(no_asset(sha256));  // removed since the state was looked at
          then(std::move((*stored)->bytes));
        });
  };
  cache_.get(environment + '/' + asset.sha256, from_store,
             [this, asset, done = std::move(done)](const Result<SharedBytes>& bytes) {
               if (!bytes) return done(tl::unexpected(bytes.error()));
               count_read(bytes->size());
               done(LoadedAsset{asset.sha256, *asset.type, *bytes});
             });
}

// Not kept in memory: nobody fetches it together with others.
void AssetService::load_kept(const std::string& environment, const std::string& sha256, AssetDone done) {
  const auto shared = std::make_shared<AssetDone>(std::move(done));
  const bool taken = reader_.submit([this, environment, sha256, shared](storage::Reader& reader) {
    auto stored = reader.asset(environment, sha256);
    if (!stored) return (*shared)(tl::unexpected(stored.error()));
    if (!*stored) return (*shared)(no_asset(sha256));
    count_read((*stored)->bytes.size());
    (*shared)(LoadedAsset{sha256, std::move((*stored)->type), std::move((*stored)->bytes)});
  });
  if (!taken) (*shared)(changes::busy("too many reads are waiting for the store; try again"));
}

}  // namespace togglecast::service
