#include "app/migrate_store.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "storage/moving.hpp"
#include "storage/sqlite/sqlite_store.hpp"

namespace togglecast::app {
namespace {

int complain(const std::string& message) {
  std::fprintf(stderr, "togglecast: %s\n", message.c_str());
  return 1;
}

bool has_database(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / "togglecast.db", ignored);
}

}  // namespace

int migrate_store(const Command& command) {
  const auto from = std::filesystem::absolute(command.from).lexically_normal();
  const auto to = std::filesystem::absolute(command.to).lexically_normal();
  if (from == to) return complain("--from and --to name the same store");
  if (!has_database(from))
    return complain(from.string() + " is no data folder of Togglecast; name the right one with --from");
  auto source = storage::sqlite::SqliteStore::open(from);
  if (!source) return complain("--from: " + source.error().message);
  auto target = storage::sqlite::SqliteStore::open(to);
  if (!target) return complain("--to: " + target.error().message);

  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  std::string table;
  const auto end_line = [&] {
    if (!table.empty()) std::fputc('\n', stderr);
    table.clear();
  };
  storage::MoveOptions options;
  options.origin = from.string();
  options.on_copied = [&](const std::string& name, std::int64_t rows) {
    if (name != table) end_line();
    table = name;
    std::fprintf(stderr, "%s%-18s %lld rows%s", terminal ? "\r" : "", name.c_str(),
                 static_cast<long long>(rows), terminal ? "" : "\n");
    if (!terminal) table.clear();
  };
  options.on_check = [&](const std::string& environment) {
    end_line();
    std::fprintf(stderr, "checking %s\n", environment.c_str());
  };
  const auto moved = storage::move_state(**source, **target, options);
  end_line();
  if (!moved) return complain(moved.error().message);
  for (const storage::Environment& one : moved->environments)
    std::printf("%s: epoch %lld, revision %lld\n", one.key.c_str(), static_cast<long long>(one.head.epoch),
                static_cast<long long>(one.head.revision));
  std::printf(
      "All of %s is in %s now. Start the servers with it, and never again with the old one:\n"
      "both would go on from the same revision, and clients could not tell them apart.\n",
      from.c_str(), to.c_str());
  return 0;
}

}  // namespace togglecast::app
