#include "http_api/request/body_texts.hpp"

#include <utility>

namespace togglecast::http_api {

std::size_t BodyTexts::NameHash::operator()(const Name& name) const noexcept {
  constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
  const auto mix = [](std::uint64_t hash, std::uint64_t more) {
    return (hash ^ hash >> 32U) * kSpread + more;
  };
  std::uint64_t hash = reinterpret_cast<std::uintptr_t>(name.environment);
  hash = mix(hash, static_cast<std::uint64_t>(name.version.epoch));
  hash = mix(hash, static_cast<std::uint64_t>(name.version.revision));
  hash = mix(hash, static_cast<std::uint64_t>(name.id));
  return mix(hash, static_cast<std::uint64_t>(name.kind));
}

void BodyTexts::append(std::string& out, std::string_view body, const domain::Version& version) {
  out.append(body, 0, body.size() - 1).append(R"(,"etag":"\")");
  json::append_number(out, version.epoch);
  out += '.';
  json::append_number(out, version.revision);
  out += R"(\""})";
}

std::size_t BodyTexts::bytes() const {
  const std::lock_guard lock(mutex_);
  return recent_bytes_ + older_bytes_;
}

const std::string& BodyTexts::environment(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return environments_.try_emplace(name, name).first->second;
}

BodyTexts::Text BodyTexts::find(const Name& name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = recent_.find(name); found != recent_.end()) return found->second;
  const auto found = older_.find(name);
  if (found == older_.end()) return nullptr;
  Text text = std::move(found->second);
  older_bytes_ -= text->size();
  older_.erase(found);
  put(name, text);
  return text;
}

void BodyTexts::keep(const Name& name, const Text& text) {
  const std::lock_guard lock(mutex_);
  put(name, text);
}

// When the recent ones fill half of the room, they become the older ones, and what was older goes.
void BodyTexts::put(const Name& name, const Text& text) {
  if (!recent_.try_emplace(name, text).second) return;
  recent_bytes_ += text->size();
  if (recent_bytes_ <= most_bytes_ / 2) return;
  older_ = std::exchange(recent_, {});
  older_bytes_ = std::exchange(recent_bytes_, 0);
}

}  // namespace togglecast::http_api
