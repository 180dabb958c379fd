// The bodies of entities as JSON text, kept for the next list or answer that has them. A body is named by its
// entity's place and version, so it never changes; those that nobody read for a while make room.
// Thread rule: any thread; the lock is held for a look-up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/json_text.hpp"
#include "domain/schema/kind.hpp"
#include "domain/schema/version.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::http_api {

class BodyTexts {
 public:
  static constexpr std::size_t kMostBytes = 16 * 1'024 * 1'024;

  explicit BodyTexts(std::size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  /// Adds the body of an entity of this state, with its `etag` as `domain::with_etag` adds it.
  template <typename T>
  void append(std::string& out, const domain::Snapshot& state, const T& entity) {
    const domain::Version version{state.head().epoch, entity.revision};
    const Name name{&environment(state.environment()), version, entity.id, T::kKind};
    Text text = find(name);
    if (text == nullptr) {
      text = std::make_shared<const std::string>(json::serialize(to_json(entity)));
      keep(name, text);
    }
    append(out, *text, version);
  }

  [[nodiscard]] std::size_t bytes() const;

 private:
  using Text = std::shared_ptr<const std::string>;
  struct Name {
    const std::string* environment;  // one of `environments_`
    domain::Version version;
    domain::Id id;
    domain::Kind kind;
    friend bool operator==(const Name&, const Name&) = default;
  };
  struct NameHash {
    std::size_t operator()(const Name& name) const noexcept;
  };
  using Texts = std::unordered_map<Name, Text, NameHash>;

  static void append(std::string& out, std::string_view body, const domain::Version& version);
  [[nodiscard]] const std::string& environment(const std::string& name);
  [[nodiscard]] Text find(const Name& name);
  void keep(const Name& name, const Text& text);
  void put(const Name& name, const Text& text);

  std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::string> environments_;  // a name stays where it is
  Texts recent_, older_;  // read since the two last changed places, and before that
  std::size_t recent_bytes_ = 0, older_bytes_ = 0;
};

}  // namespace togglecast::http_api
