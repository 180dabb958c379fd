#include "wire/http/entity_tags.hpp"

#include <algorithm>

#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

constexpr std::size_t kMaxTags = 64;

bool is_etagc(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

bool is_alphanumeric(char c) noexcept {
  const char lower = to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

class TagReader {
 public:
  explicit TagReader(std::string_view field) : field_(field) {}

  tl::expected<EntityTags, BadEntityTags> read() {
    EntityTags out;
    skip_spaces();
    if (next() == '*') {
      ++at_;
      skip_spaces();
      if (!at_end()) return bad("nothing after *");
      out.any = true;
      return out;
    }
    while (!at_end()) {
      if (next() != ',') {
        if (out.tags.size() == kMaxTags) return bad("at most 64 tags");
        auto tag = read_tag();
        if (!tag) return tl::unexpected(tag.error());
        out.tags.push_back(*tag);
        skip_spaces();
        if (!at_end() && next() != ',') return bad("a comma or the end");
      }
      if (!at_end()) ++at_;
      skip_spaces();
    }
    if (out.tags.empty()) return bad("an ETag or *");
    return out;
  }

 private:
  tl::expected<EntityTag, BadEntityTags> read_tag() {
    EntityTag tag;
    if (field_.substr(at_).starts_with("W/")) {
      tag.weak = true;
      at_ += 2;
    }
    if (next() != '"') return bad("an ETag in quotes");
    const std::size_t first = ++at_;
    while (!at_end() && is_etagc(field_[at_])) ++at_;
    if (next() != '"') return bad("the quote that ends the ETag");
    tag.opaque = field_.substr(first, at_ - first);
    ++at_;
    return tag;
  }

  [[nodiscard]] bool at_end() const noexcept { return at_ >= field_.size(); }
  [[nodiscard]] char next() const noexcept { return at_end() ? '\0' : field_[at_]; }
  void skip_spaces() noexcept {
    while (!at_end() && is_space(field_[at_])) ++at_;
  }
  [[nodiscard]] tl::unexpected<BadEntityTags> bad(std::string_view expected) const {
    return tl::unexpected(BadEntityTags{at_ + 1, expected});
  }

  std::string_view field_;
  std::size_t at_ = 0;
};

}  // namespace

tl::expected<EntityTags, BadEntityTags> parse_entity_tags(std::string_view field) {
  return TagReader(field).read();
}

bool is_coding_mark(std::string_view rest) noexcept {
  return rest.empty() || (!is_alphanumeric(rest.front()) && rest.front() != '.' && rest.front() != '_' &&
                          std::any_of(rest.begin(), rest.end(), is_alphanumeric));
}

bool same_but_for_coding(const EntityTag& tag, std::string_view ours) noexcept {
  return tag.opaque.starts_with(ours) && is_coding_mark(tag.opaque.substr(ours.size()));
}

}  // namespace togglecast::wire::http
