// Creates platforms in the data folder named by its argument, and prints each acknowledged revision on a
// line, until somebody kills it.
#include <unistd.h>

#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "service/application.hpp"
#include "storage/sqlite/sqlite_store.hpp"

namespace togglecast::service {
namespace {

int give_up(std::string_view why) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
  return 1;
}

Principal owner() {
  Principal who;
  who.kind = Principal::Kind::admin;
  who.id = 1;
  who.name = "owner";
  who.role = domain::Role::owner;
  who.environment = "production";
  return who;
}

int write_until_killed(const std::string& folder) {
  const SystemClock clock;
  SystemRandom random;
  observe::Log log(
      {.level = observe::Level::error}, [](std::string_view line) { give_up(line); }, clock);
  observe::Metrics metrics;
  ApplicationOptions options;
  options.environments = {"production"};
  options.admins.passwords = auth::kCheapPasswords;
  options.first_owner_password = [] { return Secret(std::string("correct horse")); };
  auto store = storage::sqlite::SqliteStore::open(folder);
  if (!store) return give_up(store.error().message);
  auto application = Application::open(std::move(*store), options, clock, random, log, metrics);
  if (!application) return give_up(application.error().message);

  for (int i = 0;; ++i) {
    const std::string key = "p" + std::to_string(i);
    const auto promise = std::make_shared<std::promise<Result<changes::Written>>>();
    (*application)
        ->platforms()
        .create(owner(), {{"key", key}, {"name", "P"}}, {},
                [promise](Result<changes::Written> done) { promise->set_value(std::move(done)); });
    const Result<changes::Written> created = promise->get_future().get();
    if (!created) return give_up(created.error().message);
    const std::string line = std::to_string(created->revision) + '\n';
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return give_up("nobody reads");
  }
}

}  // namespace
}  // namespace togglecast::service

int main(int count, char** arguments) {
  if (count != 2) return togglecast::service::give_up("usage: endless_writer FOLDER");
  return togglecast::service::write_until_killed(arguments[1]);
}
