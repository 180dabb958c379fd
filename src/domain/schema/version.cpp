#include "domain/schema/version.hpp"

#include <charconv>

namespace togglecast::domain {
namespace {

// Reads digits and eats them; only the one spelling without leading zeros.
std::optional<std::int64_t> take_digits(std::string_view& text) noexcept {
  std::int64_t number = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || number > kMaxId || (text.front() == '0' && length > 1)) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

}  // namespace

std::string to_string(const Version& version) {
  return std::to_string(version.epoch) + '.' + std::to_string(version.revision);
}

std::optional<Version> take_version(std::string_view& text) noexcept {
  std::string_view rest = text;
  const auto epoch = take_digits(rest);
  if (!epoch || !rest.starts_with('.')) return std::nullopt;
  rest.remove_prefix(1);
  const auto revision = take_digits(rest);
  if (!revision) return std::nullopt;
  text = rest;
  return Version{*epoch, *revision};
}

std::optional<Version> parse_version(std::string_view text) noexcept {
  const auto version = take_version(text);
  return text.empty() ? version : std::nullopt;
}

Error other_epoch(const NamedRevision& named, std::int64_t epoch_here) {
  return {Errc::conflict,
          "revision " + std::to_string(named.revision) + " of epoch " +
              std::to_string(named.epoch.value_or(0)) + " is not part of this history, which is at epoch " +
              std::to_string(epoch_here) +
              ", for example because a backup was restored; read the state again",
          {}};
}

Result<void> NamedRevision::check(std::int64_t epoch_here) const {
  if (!epoch || *epoch == epoch_here) return {};
  return tl::unexpected(other_epoch(*this, epoch_here));
}

std::optional<NamedRevision> parse_named_revision(std::string_view text) noexcept {
  if (const auto version = parse_version(text)) return NamedRevision{version->revision, version->epoch};
  const auto revision = take_digits(text);
  if (!revision || !text.empty()) return std::nullopt;
  return NamedRevision{*revision, {}};
}

Result<std::optional<NamedRevision>> named_revision_in(const json::value& object) {
  const auto number = [&object](std::string_view name) -> Result<std::optional<std::int64_t>> {
    const auto* member = json::find(object, name);
    if (member == nullptr || member->is_null()) return std::nullopt;
    const auto read = integer_in(*member);
    if (!read || *read < 0) {
      const std::string pointer = '/' + std::string(name);
      return fail_field(pointer, "must be " + std::string(name == "epoch" ? "an epoch" : "a revision") +
                                     ", an integer from 0 on");
    }
    return read;
  };
  const auto revision = number("revision");
  if (!revision) return tl::unexpected(revision.error());
  const auto epoch = number("epoch");
  if (!epoch) return tl::unexpected(epoch.error());
  if (*revision) return NamedRevision{**revision, *epoch};
  if (*epoch) return fail_field("/epoch", "needs revision beside it");
  return std::nullopt;
}

std::optional<Version> version_of(const json::value& body, std::int64_t epoch) noexcept {
  const json::value* member = body.is_object() ? json::find(body, "revision") : nullptr;
  const auto revision = member == nullptr ? std::nullopt : integer_in(*member);
  if (!revision) return std::nullopt;
  return Version{epoch, *revision};
}

json::value with_etag(json::value body, std::int64_t epoch) {
  if (const auto version = version_of(body, epoch))
    body.get_object()["etag"] = '"' + to_string(*version) + '"';
  return body;
}

}  // namespace togglecast::domain
