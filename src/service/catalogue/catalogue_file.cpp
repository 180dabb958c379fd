#include "service/catalogue/catalogue_file.hpp"

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "service/catalogue/entity_builds.hpp"

namespace togglecast::service {
namespace {

using domain::Id;
using domain::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 5> kLists{{{"platforms", Kind::platform},
                                                                   {"segments", Kind::segment},
                                                                   {"features", Kind::feature},
                                                                   {"packages", Kind::package},
                                                                   {"clients", Kind::client}}};

constexpr std::int64_t kMostDays = 36'500;

// A whole number of days, which may be in the past.
std::optional<std::int64_t> days_in(const json::value& value) {
  const auto days = domain::integer_in(value);
  return days && *days >= -kMostDays && *days <= kMostDays ? days : std::nullopt;
}

UnixMillis in_days(UnixMillis now, std::int64_t days) {
  return {now.value + std::chrono::milliseconds(std::chrono::hours(24) * days).count()};
}

bool is_empty(const domain::Snapshot& state) {
  return state.table<domain::Platform>().by_id.empty() && state.table<domain::Segment>().by_id.empty() &&
         state.table<domain::Feature>().by_id.empty() && state.table<domain::Package>().by_id.empty() &&
         state.table<domain::Client>().by_id.empty();
}

class FileReader {
 public:
  FileReader(const json::value& file, changes::WriteContext& context) : file_(file), context_(context) {}

  [[nodiscard]] Result<changes::Draft> read() {
    for (const auto& [list, kind] : kLists) {
      const json::value* entries = json::find(file_, list);
      if (entries == nullptr) continue;
      if (!entries->is_array()) return fail(Errc::invalid_argument, std::string(list) + " must be a list");
      for (std::size_t i = 0; i < entries->get_array().size(); ++i) {
        if (auto added = add(kind, entries->get_array()[i]); !added) {
          const std::string origin = "/" + std::string(list) + '/' + std::to_string(i);
          return tl::unexpected(domain::within(origin, added.error()));
        }
      }
    }
    if (!draft_.ops.empty()) {
      draft_.kind = draft_.ops.front().entity;
      draft_.id = draft_.ops.front().id;
    }
    return std::move(draft_);
  }

 private:
  [[nodiscard]] Result<void> add(Kind kind, const json::value& entry) {
    if (!entry.is_object()) return fail(Errc::invalid_argument, "must be an object");
    const std::string key(json::string_or_empty(entry, "key"));
    if (ids_.contains({kind, key}))
      return fail(Errc::already_exists, "the key '" + key + "' appears twice; use another key");
    auto body = resolved(kind, entry.get_object());
    if (!body) return tl::unexpected(body.error());
    auto draft = build_creation(kind, std::move(*body))(context_);
    if (!draft) return tl::unexpected(draft.error());
    ids_[{kind, key}] = draft->id;
    draft_.ops.insert(draft_.ops.end(), std::make_move_iterator(draft->ops.begin()),
                      std::make_move_iterator(draft->ops.end()));
    return {};
  }

  [[nodiscard]] Result<json::value> resolved(Kind kind, json::object body) const {
    resolve_times(body);
    Result<void> done;
    if (kind == Kind::feature || kind == Kind::package)
      done = resolve_keys(body, "platforms", Kind::platform);
    if (done && kind == Kind::feature) done = resolve_keys(body, "requires", Kind::feature);
    if (done && kind == Kind::package) done = resolve_feature_map(body, "features");
    if (done && kind == Kind::client) done = resolve_client(body);
    if (!done) return tl::unexpected(done.error());
    return json::value(std::move(body));
  }

  [[nodiscard]] Result<Id> id_of(Kind kind, std::string_view key) const {
    const auto found = ids_.find({kind, std::string(key)});
    if (found != ids_.end()) return found->second;
    return fail(Errc::invalid_argument, "there is no " + std::string(domain::to_string(kind)) + " '" +
                                            std::string(key) + "' earlier in the file");
  }

  // ["web", "ios"] → [1, 2]
  [[nodiscard]] Result<void> resolve_keys(json::object& body, std::string_view member, Kind kind) const {
    json::value* keys = body.if_contains(member);
    if (keys == nullptr || !keys->is_array()) return {};
    for (json::value& key : keys->get_array()) {
      if (!key.is_string())
        return fail(Errc::invalid_argument, std::string(member) + " must be a list of keys");
      const auto id = id_of(kind, key.get_string());
      if (!id) return tl::unexpected(id.error());
      key = *id;
    }
    return {};
  }

  // {"search": {"limit": 5}} → [{"feature_id": 1, "limit": 5}]
  [[nodiscard]] Result<void> resolve_feature_map(json::object& body, std::string_view member) const {
    const json::value* by_key = body.if_contains(member);
    if (by_key == nullptr || !by_key->is_object()) return {};
    json::array list;
    for (const auto& entry : by_key->get_object()) {
      const auto id = id_of(Kind::feature, entry.key());
      if (!id) return tl::unexpected(id.error());
      if (!entry.value().is_object())
        return fail(Errc::invalid_argument,
                    std::string(member) + '/' + std::string(entry.key()) + " must be an object");
      json::object one = entry.value().get_object();
      one["feature_id"] = *id;
      list.emplace_back(std::move(one));
    }
    body[member] = std::move(list);
    return {};
  }

  [[nodiscard]] Result<void> resolve_client(json::object& body) const {
    if (const json::value* package = body.if_contains("package")) {
      if (!package->is_string()) return fail(Errc::invalid_argument, "package must be a key");
      const auto id = id_of(Kind::package, package->get_string());
      if (!id) return tl::unexpected(id.error());
      body.erase("package");
      body["package_id"] = *id;
    }
    if (auto done = resolve_feature_map(body, "overrides"); !done) return done;
    json::value* overrides = body.if_contains("overrides");
    if (overrides == nullptr || !overrides->is_array()) return {};
    for (json::value& one : overrides->get_array()) {
      const json::value* given = json::find(one, "expires_in_days");
      if (given == nullptr) continue;
      const auto days = days_in(*given);
      if (!days) {
        return fail(Errc::invalid_argument,
                    "expires_in_days must be a whole number, at most " + std::to_string(kMostDays));
      }
      const UnixMillis expiry = in_days(context_.at(), *days);
      one.get_object().erase("expires_in_days");
      one.get_object()["expires_at"] = to_iso8601(expiry);
    }
    return {};
  }

  void resolve_times(json::object& object) const {
    for (auto& member : object) resolve_times(member.value());
  }
  void resolve_times(json::value& value) const {
    if (value.is_array()) {
      for (json::value& element : value.get_array()) resolve_times(element);
    } else if (value.is_object()) {
      const json::value* given = json::find(value, "$in_days");
      const auto days = given == nullptr ? std::nullopt : days_in(*given);
      if (days && value.get_object().size() == 1) {
        value = in_days(context_.at(), *days).value / 1'000;
      } else {
        resolve_times(value.get_object());
      }
    }
  }

  const json::value& file_;
  changes::WriteContext& context_;
  std::map<std::pair<Kind, std::string>, Id> ids_;
  changes::Draft draft_;
};

}  // namespace

changes::Build build_catalogue(json::value file) {
  return [file = std::move(file)](changes::WriteContext& context) -> Result<changes::Draft> {
    if (!is_empty(context.state())) return changes::Draft{};
    return FileReader(file, context).read();
  };
}

}  // namespace togglecast::service
