#include "changes/keeping/node_marker.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/base64.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::changes {
namespace {

constexpr std::size_t kDepth = 80;  // a change, wrapped

std::string chain_text(const Sha256& digest) {
  return base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::optional<Sha256> parse_chain(std::string_view text) {
  const auto bytes = base64url_decode(text);
  Sha256 digest{};
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

std::int64_t number_in(const json::value& object, std::string_view key) {
  const json::value* found = json::find(object, key);
  return found == nullptr ? 0 : domain::integer_in(*found).value_or(0);
}

json::object describe(const domain::Head& head) {
  return {{"epoch", head.epoch},
          {"revision", head.revision},
          {"chain", chain_text(head.digest)},
          {"at", to_iso8601(head.as_of)}};
}

tl::unexpected<Error> cannot(const char* action, const std::filesystem::path& path) {
  return fail(Errc::unavailable,
              "cannot " + std::string(action) + ' ' + path.string() + ": " + std::strerror(errno));
}

Result<void> write_file(const std::filesystem::path& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return cannot("write", path);
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool done = text.empty() && ::fsync(file) == 0;
  const auto failed = cannot("write", path);
  ::close(file);
  if (!done) return failed;
  return {};
}

void sync_folder(const std::filesystem::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

// Whether the store has this revision with this digest. True when it is no longer kept: nothing says
// otherwise.
Result<bool> has(storage::Reader& reader, const std::string& environment, const domain::Head& found,
                 domain::Revision revision, const Sha256& digest) {
  if (revision > found.revision) return false;
  const auto head = reader.head_before(environment, revision + 1);
  if (!head && head.error().code == Errc::not_found) return true;
  if (!head) return tl::unexpected(head.error());
  return head->digest == digest;
}

Result<domain::Head> head_of(storage::Reader& reader, const std::string& environment) {
  const auto environments = reader.environments();
  if (!environments) return tl::unexpected(environments.error());
  for (const storage::Environment& one : *environments)
    if (one.key == environment) return one.head;
  domain::Head none;
  none.epoch = 0;
  return none;
}

}  // namespace

void Mark::add(const domain::LogRow& row) {
  rows.push_back({row.head.revision, row.head.digest, domain::row_text(row)});
  head = row.head;
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (auto one = rows.rbegin(); one != rows.rend() && kept < kMarkedRows; ++one, ++kept) {
    bytes += one->text.size();
    if (bytes > kMarkedBytes && kept > 0) break;
  }
  rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(kept));
}

std::string to_text(const Marks& marks) {
  std::string text = "{\"format\":1}\n";
  for (const auto& [environment, mark] : marks) {
    json::object line = describe(mark.head);
    line["environment"] = environment;
    json::append(text, line);
    text += '\n';
    for (const MarkedRow& row : mark.rows)
      text += R"({"chain":")" + chain_text(row.digest) + R"(","row":)" + row.text + "}\n";
  }
  return text;
}

Result<Marks> parse_marks(std::string_view text) {
  const auto damaged = [] { return fail(Errc::internal, "the marker file is damaged"); };
  Marks marks;
  Mark* mark = nullptr;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    auto value = json::parse(line, {.depth = kDepth});
    if (!value) return damaged();
    if (number == 1) {
      if (number_in(*value, "format") != 1)
        return fail(Errc::internal, "the marker file was written by another version");
      continue;
    }
    const auto chain = parse_chain(json::string_or_empty(*value, "chain"));
    if (!chain) return damaged();
    if (const json::value* row = json::find(*value, "row")) {
      if (mark == nullptr) return damaged();
      mark->rows.push_back({number_in(*row, "revision"), *chain, json::canonical(*row)});
      continue;
    }
    mark = &marks[std::string(json::string_or_empty(*value, "environment"))];
    mark->head.epoch = number_in(*value, "epoch");
    mark->head.revision = number_in(*value, "revision");
    mark->head.digest = *chain;
    mark->head.as_of = parse_iso8601(json::string_or_empty(*value, "at")).value_or(UnixMillis{});
  }
  return marks;
}

Result<Marks> read_marks(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return Marks{};
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(Errc::internal, "the marker file cannot be read");
  return parse_marks(text.str());
}

Result<void> write_marks(const std::string& path, const Marks& marks) {
  const std::string unfinished = path + ".new";
  if (auto written = write_file(unfinished, to_text(marks)); !written) return written;
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return cannot("rename", unfinished);
  sync_folder(std::filesystem::path(path).parent_path());
  return {};
}

Result<std::optional<Regression>> find_regression(storage::Reader& reader, const std::string& environment,
                                                  const Mark& mark) {
  const auto found = head_of(reader, environment);
  if (!found) return tl::unexpected(found.error());
  const auto same = [&](domain::Revision revision, const Sha256& digest) {
    return has(reader, environment, *found, revision, digest);
  };
  const auto continued = same(mark.head.revision, mark.head.digest);
  if (!continued) return tl::unexpected(continued.error());
  if (*continued && found->epoch >= mark.head.epoch) return std::nullopt;
  Regression regression{environment, mark.head, *found, mark.head.revision, {}};
  if (*continued) return regression;  // the rows are there, and the epoch that was raised after them is not
  regression.common = std::min(found->revision, mark.head.revision - 1);
  for (auto row = mark.rows.rbegin(); row != mark.rows.rend(); ++row) {
    const auto is_common = same(row->revision, row->digest);
    if (!is_common) return tl::unexpected(is_common.error());
    regression.common = std::min(regression.common, row->revision - (*is_common ? 0 : 1));
    if (*is_common) break;
    regression.rows.push_back(*row);
  }
  std::reverse(regression.rows.begin(), regression.rows.end());
  return regression;
}

Result<std::string> keep_lost_rows(const std::string& folder, const Regression& regression) {
  if (regression.rows.empty()) return std::string{};
  const std::string epoch = std::to_string(regression.served.epoch) + '.';
  const std::string path = folder + "/togglecast.lost-" + regression.environment + '-' + epoch +
                           std::to_string(regression.rows.front().revision) + '-' + epoch +
                           std::to_string(regression.rows.back().revision) + ".jsonl";
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return path;
  std::string text;
  for (const MarkedRow& row : regression.rows) text += row.text + '\n';
  if (auto written = write_file(path, text); !written) return tl::unexpected(written.error());
  sync_folder(folder);
  return path;
}

}  // namespace togglecast::changes
