#include "storage/sqlite/wal_proof.hpp"

#include <algorithm>
#include <array>
#include <fstream>

namespace togglecast::storage::sqlite {
namespace {

struct Place {
  Step base;
  Step now;
};

// The schema step that adds the columns of `Place`.
constexpr std::int64_t kCountingVersion = 4;

Result<std::optional<Place>> read_place(Database& database) {
  const auto version = database.query_integer("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  if (*version < kCountingVersion) return Place{};
  auto statement = database.prepare("SELECT base_life, base_step, life, step FROM place");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::nullopt;
  return Place{{statement->integer(0), statement->integer(1)},
               {statement->integer(2), statement->integer(3)}};
}

// Step `at` is the base of a log that has come to `log`, or one of its steps.
bool contains(const Place& log, const Step& at) {
  if (at == log.base) return true;
  const bool began_in_this_life = log.base.life == log.now.life;
  return at.life == log.now.life && at.number <= log.now.number &&
         (!began_in_this_life || log.base.number <= at.number);
}

// A number that changes whenever SQLite begins the log again (file format of SQLite, 4.1); empty without a
// log.
std::string salt_of(const std::filesystem::path& wal) {
  constexpr std::streamoff kSaltAt = 16;
  std::array<char, 8> salt{};
  std::ifstream file(wal, std::ios::binary);
  if (!file.seekg(kSaltAt) || !file.read(salt.data(), salt.size())) return {};
  return {salt.data(), salt.size()};
}

bool has_changes(const std::filesystem::path& wal) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(wal, missing);
  return !missing && size > 0;
}

// What the database would be with the log. An error means that SQLite cannot make sense of the two together.
Result<std::optional<Place>> place_with_wal(const DataFolder& folder) {
  auto database = Database::open(folder.database(), {.read_only = true});
  if (!database) return tl::unexpected(database.error());
  return read_place(*database);
}

Result<bool> belongs(const DataFolder& folder, const std::optional<Step>& file) {
  const auto together = place_with_wal(folder);
  if (!together) {
    if (together.error().code != Errc::internal) return tl::unexpected(together.error());
    return false;
  }
  if (!together->has_value()) return !file.has_value();
  const Step at = file.value_or(Step{});
  if (!contains(**together, at)) return false;
  // A version that did not count wrote the database. It also wrote the log, or the first life did, or a later
  // life did and the log is not its.
  const auto lives = folder.lives();
  return at.life != 0 || lives.empty() ||
         std::find(lives.begin(), lives.end(), (*together)->now.life) != lives.end();
}

Result<void> check_without_wal(const DataFolder& folder) {
  auto database = Database::open(folder.database(), {.read_only = true, .without_wal = true});
  if (!database) return tl::unexpected(database.error());
  auto statement = database->prepare("PRAGMA quick_check(1)");
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  if (*row && statement->text(0) != "ok") return fail(Errc::internal, std::string(statement->text(0)));
  return {};
}

}  // namespace

// A checkpoint that a reader holds up copies only pages that have not changed since the reader began. So the
// file may have the number of its pages already, and not yet the last of them.
Result<std::optional<Step>> step_of_file(const DataFolder& folder) {
  auto database =
      Database::open(folder.database(), {.read_only = true, .without_wal = true, .unfinished = true});
  if (!database) return tl::unexpected(database.error());
  return read_place(*database).map(
      [](const std::optional<Place>& place) { return place ? std::optional(place->now) : std::nullopt; });
}

Result<void> count_step(Database& database) { return database.execute("UPDATE place SET step = step + 1"); }

Result<std::optional<std::filesystem::path>> settle_wal(const DataFolder& folder) {
  if (!has_changes(folder.wal())) return std::nullopt;
  const auto file = step_of_file(folder);
  if (!file) return std::nullopt;  // the opening that follows says what is wrong with the database
  const auto together = belongs(folder, *file);
  if (!together) return tl::unexpected(together.error());
  if (*together) return std::nullopt;
  if (auto sound = check_without_wal(folder); !sound) {
    return fail(Errc::internal,
                folder.database().string() + " and " + folder.wal().string() +
                    " do not belong together, and the database alone is damaged (" + sound.error().message +
                    "); nothing was changed. Put the two files that belong together into the folder, or move "
                    "both away and put a backup there");
  }
  return folder.set_wal_aside().map(
      [](std::filesystem::path path) { return std::optional(std::move(path)); });
}

Result<void> WalKeeper::note_base(Database& database) {
  const std::string salt = salt_of(wal_);
  if (salt.empty()) {  // this transaction begins the log, and all before it is in the database
    salt_.clear();
    return database.execute("UPDATE place SET base_life = life, base_step = step");
  }
  if (salt == salt_) return {};
  // SQLite began this log at the last step at the latest, so all steps before it are in the database. If this
  // transaction fails, the old base stays: that one only accepts more.
  salt_ = salt;
  return database.execute("UPDATE place SET base_life = life, base_step = max(step - 1, 0)");
}

Result<bool> WalKeeper::holds_own_state(Database& database, const DataFolder& folder) {
  const auto own = read_place(database);
  if (!own) return tl::unexpected(own.error());
  const auto file = step_of_file(folder);
  if (!file) {
    if (file.error().code != Errc::internal) return tl::unexpected(file.error());
    return false;
  }
  if (!own->has_value() || !file->has_value()) return false;
  if (life_ == 0) life_ = (*own)->now.life;
  if ((*own)->now.life != life_ || ((*file)->life == life_ && (*file)->number < proven_) ||
      !contains(**own, **file))
    return false;
  if ((*file)->life == life_) proven_ = (*file)->number;
  return true;
}

}  // namespace togglecast::storage::sqlite
