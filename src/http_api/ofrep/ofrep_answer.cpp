#include "http_api/ofrep/ofrep_answer.hpp"

#include <algorithm>
#include <utility>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/json_text.hpp"
#include "domain/schema/ids.hpp"
#include "wire/http/entity_tags.hpp"

namespace togglecast::http_api {

using domain::evaluation::Decision;
using domain::evaluation::ErrorCode;
using domain::evaluation::Flag;
using domain::evaluation::FlagType;
using domain::evaluation::Reason;
using domain::evaluation::Variant;

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kViewBytes = 9;         // of a digest: 12 characters
constexpr std::size_t kAnswerBytes = 12;      // 16 characters
constexpr std::size_t kStretch = 32 * 1'024;  // bytes between two looks at the clock
constexpr std::size_t kAnswerSize = kAnswerBytes * 4 / 3;

const Variant* variant_of_false(const Flag& flag) noexcept {
  const auto& variants = flag.definition().variants;
  const auto found = std::find_if(variants.begin(), variants.end(),
                                  [](const Variant& variant) { return variant.value == json::value(false); });
  return found == variants.end() ? nullptr : &*found;
}

// Languages with integers and fractions read 1 as one type and 1.0 as the other. A flag has one type.
void append_value(std::string& out, const json::value& value, const Flag& flag) {
  json::append(out, value);
  if (!domain::integer_in(value)) return;
  const auto& variants = flag.definition().variants;
  const bool has_fractions = std::any_of(variants.begin(), variants.end(), [](const Variant& variant) {
    return variant.value.is_number() && !domain::integer_in(variant.value);
  });
  if (has_fractions) out += ".0"sv;
}

std::string digest_of(std::string_view text) {
  const Sha256 digest = sha256(text);
  return {digest.begin(), digest.end()};
}

}  // namespace

std::string_view ofrep_code(const Decision& decision) noexcept {
  switch (decision.error) {
    case ErrorCode::none:
      return "";
    case ErrorCode::parse_error:
      return "PARSE_ERROR";
    case ErrorCode::type_mismatch:
    case ErrorCode::general:
      return "GENERAL";
  }
  return "GENERAL";
}

void append_ofrep(std::string& out, const Decision& decision, std::string_view key) {
  out += R"({"key":)"sv;
  json::append_string(out, key);
  if (const std::string_view code = ofrep_code(decision); !code.empty()) {
    out.append(R"(,"errorCode":")"sv).append(code).append(R"(","errorDetails":)"sv);
    json::append_string(out, kFlagFailed);
    out += '}';
    return;
  }
  // The code's own default must not open what is denied. With the reason DISABLED, some providers would take
  // it although there is a value.
  const bool is_closed =
      decision.value == nullptr && decision.denied() && decision.flag->type() == FlagType::boolean;
  if (is_closed) {
    out += R"(,"value":false)"sv;
  } else if (decision.value != nullptr) {
    out += R"(,"value":)"sv;
    append_value(out, *decision.value, *decision.flag);
  }
  out.append(R"(,"reason":")"sv).append(to_string(is_closed ? Reason::fixed : decision.reason));
  out += R"(","variant":)"sv;  // some providers refuse an answer without it
  const Variant* variant = is_closed ? variant_of_false(*decision.flag) : decision.variant;
  json::append_string(out, variant == nullptr ? std::string_view{} : variant->name);
  out += R"(,"metadata":{"enabled":)"sv;
  json::append_bool(out, decision.enabled);
  out.append(R"(,"rule":")"sv).append(to_string(decision.rule)).append(1, '"');
  if (decision.limit) {
    out += R"(,"limit":)"sv;
    json::append_number(out, *decision.limit);
  }
  out += "}}"sv;
}

OfrepFlags::OfrepFlags(domain::Viewpoint viewpoint, std::string text)
    : viewpoint_(std::move(viewpoint)),
      view_(*viewpoint_.state, *viewpoint_.client, viewpoint_.context.get()),
      features_(view_.visible_features()),
      text_(std::move(text)) {
  constexpr std::size_t kUsual = 160;  // bytes of a flag
  text_.reserve(text_.size() + (features_.size() + 4) * kUsual);
}

bool OfrepFlags::run(domain::evaluation::Turn& turn) {
  for (; next_ < features_.size(); ++next_) {
    const auto answer = view_.answer_within(features_[next_], turn);
    if (!answer) return false;
    key_ = answer->feature->key;
    add(answer->decision);
    for (const Decision& sub : answer->sub_features) {
      key_.resize(answer->feature->key.size());
      key_.append(1, '/').append(sub.flag->key());
      add(sub);
    }
    // Deciding looks at the clock by itself.
    if (text_.size() - looked_at_ < kStretch) continue;
    looked_at_ = text_.size();
    if (turn.over()) {
      ++next_;
      return next_ == features_.size();
    }
  }
  return true;
}

void OfrepFlags::add(const Decision& decision) {
  if (!std::exchange(first_, false)) text_ += ',';
  append_ofrep(text_, decision, key_);
}

std::string OfrepTag::name_of(std::string_view view) { return digest_of(view); }

OfrepTag::OfrepTag(std::string name, const domain::Snapshot& state)
    : name_(std::move(name)),
      view_(base64url_encode(std::string_view(name_).substr(0, kViewBytes)) + '.'),
      state_{state.head().epoch, state.revision()},
      version_(domain::to_string(state_)) {}

std::string OfrepTag::digest(std::string_view body) {
  return base64url_encode(digest_of(body).substr(0, kAnswerBytes));
}

std::string OfrepTag::text(std::string_view answer) const {
  return view_ + std::string(answer) + '.' + version_;
}

std::optional<OfrepTag::Parts> OfrepTag::parts_of(std::string_view sent) const noexcept {
  if (!sent.starts_with(view_)) return std::nullopt;
  sent.remove_prefix(view_.size());
  if (sent.size() <= kAnswerSize || sent[kAnswerSize] != '.') return std::nullopt;
  return Parts{sent.substr(0, kAnswerSize), sent.substr(kAnswerSize + 1)};
}

bool OfrepTag::is_current(std::string_view sent) const noexcept {
  const auto parts = parts_of(sent);
  return parts && parts->version.starts_with(version_) &&
         wire::http::is_coding_mark(parts->version.substr(version_.size()));
}

std::optional<std::string_view> OfrepTag::coding_of_answer(std::string_view sent,
                                                           std::string_view answer) const noexcept {
  auto parts = parts_of(sent);
  if (!parts || parts->answer != answer || !domain::take_version(parts->version)) return std::nullopt;
  if (!wire::http::is_coding_mark(parts->version)) return std::nullopt;
  return parts->version;
}

}  // namespace togglecast::http_api
