// The assets of platforms and features: set, remove, list, and read their bytes (decision 0040).
//
// A principal reads an asset when its view refers to it: a client that of an entity which it sees, an admin
// any that its environment keeps, for past states too. Everything else is `not_found`, whether or not such
// bytes are stored.
//
// Thread rule: any thread. `put` and `remove` answer through `done` (committer.hpp); `load` on the thread
// that reads the store, or within the call.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "changes/committer.hpp"
#include "changes/store_reader.hpp"
#include "domain/entities/asset.hpp"
#include "domain/state/snapshot.hpp"
#include "observe/metrics.hpp"
#include "service/accounts/principal.hpp"
#include "service/assets/asset_cache.hpp"

namespace togglecast::service {

struct AssetOptions {
  std::size_t size = 1'024 * 1'024;              ///< bytes of one asset
  std::int64_t storage = 256LL * 1'024 * 1'024;  ///< bytes of all that an environment keeps
  std::size_t cache = 64 * 1'024 * 1'024;        ///< bytes in memory
};

/// An asset as it was uploaded.
struct Upload {
  std::string name;
  std::string type;  ///< media type in one spelling
  std::string_view bytes;
};

struct LoadedAsset {
  std::string sha256;
  std::string type;
  SharedBytes bytes;
};
using AssetDone = std::function<void(Result<LoadedAsset> asset)>;

/// An asset that a principal may read.
struct ReadableAsset {
  std::string sha256;
  /// Of an entity. Unset: only the log may name it, and the store knows.
  std::optional<std::string> type{};
  std::size_t size = 0;  ///< bytes; of one that only the log names, the most that it can have
};

class AssetService {
 public:
  AssetService(changes::Committer& committer, changes::StoreReader& reader, observe::Metrics& metrics,
               const AssetOptions& options);
  AssetService(const AssetService&) = delete;
  AssetService& operator=(const AssetService&) = delete;

  [[nodiscard]] const AssetOptions& options() const noexcept { return options_; }

  /// Errors besides those of all writes: `payload_too_large`; `conflict` when the entity or the environment
  /// has no room.
  void put(const Principal& who, domain::Kind kind, domain::Id id, const Upload& upload,
           const WriteOptions& options, changes::Done done);
  void remove(const Principal& who, domain::Kind kind, domain::Id id, const std::string& name,
              const WriteOptions& options, changes::Done done);

  /// `not_found` unless the view of `who` at `state` refers to it, or, of an admin, the log may.
  [[nodiscard]] Result<ReadableAsset> find(const Principal& who, const domain::Snapshot& state,
                                           std::string_view sha256) const;
  /// The bytes of one that `find` answered.
  void load(const std::string& environment, const ReadableAsset& asset, AssetDone done);

 private:
  [[nodiscard]] Result<void> check(const Upload& upload) const;
  void load_kept(const std::string& environment, const std::string& sha256, AssetDone done);
  void count_read(std::size_t bytes);

  changes::Committer& committer_;
  changes::StoreReader& reader_;
  AssetOptions options_;
  AssetCache cache_;
  observe::Counter& reads_;
  observe::Counter& read_bytes_;
  observe::Counter& refused_;
};

}  // namespace togglecast::service
