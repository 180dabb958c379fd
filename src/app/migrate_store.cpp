#include "app/migrate_store.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "app/process/runtime.hpp"
#include "app/store_choice.hpp"
#include "storage/moving.hpp"
#include "storage/postgres/connection/target.hpp"

namespace togglecast::app {
namespace {

int complain(const std::string& message) {
  std::fprintf(stderr, "togglecast: %s\n", message.c_str());
  return 1;
}

// A folder or a database, as `--from` and `--to` name it.
struct Place {
  Settings settings;
  bool is_database = false;
  std::string shown;
};

Place place_of(const std::string& text, const Settings& settings) {
  Place place{settings, storage::postgres::is_target(text), {}};
  place.settings.store = place.is_database ? text : std::string();
  if (!place.is_database) place.settings.data = text;
  place.shown = describe_store(place.settings);
  return place;
}

bool has_database(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / "togglecast.db", ignored);
}

}  // namespace

int migrate_store(const Settings& settings, const Command& command) {
  const Place from = place_of(command.from, settings);
  const Place to = place_of(command.to, settings);
  if (from.shown == to.shown) return complain("--from and --to name the same store");
  if (!from.is_database && !has_database(from.settings.data))
    return complain(from.shown + " is no data folder of Togglecast; name the right one with --from");

  Runtime runtime({.level = observe::Level::warn});
  auto source = open_store(from.settings, runtime, NodeFolder::unused);
  if (!source) return complain("--from: " + source.error().message);
  auto target = open_store(to.settings, runtime, NodeFolder::unused);
  if (!target) return complain("--to: " + target.error().message);

  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  std::string table;
  const auto end_line = [&] {
    if (!table.empty()) std::fputc('\n', stderr);
    table.clear();
  };
  storage::MoveOptions options;
  options.origin = from.shown;
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
  const auto moved = storage::move_state(*source->store, *target->store, options);
  end_line();
  if (!moved) return complain(moved.error().message);
  for (const storage::Environment& one : moved->environments)
    std::printf("%s: epoch %lld, revision %lld\n", one.key.c_str(), static_cast<long long>(one.head.epoch),
                static_cast<long long>(one.head.revision));
  std::printf(
      "All of %s is in %s now. Start the servers with it, and never again with the old one:\n"
      "both would go on from the same revision, and clients could not tell them apart.\n",
      from.shown.c_str(), to.shown.c_str());
  return 0;
}

}  // namespace togglecast::app
