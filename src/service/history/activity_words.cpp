#include "service/history/activity_words.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::service {
namespace {

constexpr std::size_t kLongestName = 80;

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kWords{{
    {"maintenance_note", "maintenance note"},
    {"package_id", "package"},
    {"sub_features", "sub-features"},
    {"defaultVariant", "default variant"},
    {"billing_period", "billing period"},
    {"password_changed_at", "password"},
    {"password_expires_at", "password"},
    {"second_factor_at", "second factor"},
    {"requires", "required features"},
    {"expires_at", "expiry"},
    {"enabled", "state"},
    {"active", "state"},
    {"config", "configuration"},
    {"available", "availability"},
    {"bucketing", "bucketing generation"},
    {"created_at", "creation time"},
    {"revoked_at", "withdrawal"},
}};

// ISO 4217: most currencies have two digits after the point.
std::size_t digits_of(std::string_view currency) {
  constexpr std::string_view kNone = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
  constexpr std::string_view kThree = "BHD IQD JOD KWD LYD OMR TND";
  if (currency.size() != 3) return 2;
  if (kNone.find(currency) != std::string_view::npos) return 0;
  return kThree.find(currency) != std::string_view::npos ? 3 : 2;
}

// Cuts at a character boundary.
std::string shortened(std::string_view text) {
  if (text.size() <= kLongestName) return std::string(text);
  std::size_t end = kLongestName;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string name_in(domain::Kind kind, const json::value& body) {
  const std::string_view name = json::string_or_empty(body, "name");
  return shortened(name.empty() ? domain::unique_key_of(kind, body) : name);
}

}  // namespace

std::string enumeration(const std::vector<std::string>& words, std::size_t most) {
  if (words.size() == 1) return words.front();
  const bool all = words.size() <= most;
  const std::size_t named = all ? words.size() - 1 : most - 1;
  std::string out;
  for (std::size_t i = 0; i < named && i < words.size(); ++i) out.append(i == 0 ? "" : ", ").append(words[i]);
  if (words.empty()) return out;
  return out + " and " + (all ? words.back() : std::to_string(words.size() - named) + " more");
}

std::string_view noun(domain::Kind kind) noexcept {
  if (kind == domain::Kind::api_key) return "API key";
  return kind == domain::Kind::signing_key ? "signing key" : domain::to_string(kind);
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string_view word_for(std::string_view member) noexcept {
  const auto* const found =
      std::find_if(kWords.begin(), kWords.end(), [member](const auto& word) { return word.first == member; });
  return found == kWords.end() ? member : found->second;
}

std::string price_text(const json::value& price) {
  const json::value* given = json::find(price, "amount");
  const auto amount = given == nullptr ? std::nullopt : domain::integer_in(*given);
  const std::string currency(json::string_or_empty(price, "currency"));
  if (!amount || *amount < 0) return "nothing";
  std::string text = std::to_string(*amount);
  const std::size_t digits = digits_of(currency);
  if (digits > 0) {
    if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
    text.insert(text.size() - digits, ".");
  }
  return text + ' ' + currency;
}

std::string value_text(const json::value& value) {
  if (value.is_bool()) return value.get_bool() ? "on" : "off";
  if (value.is_string()) return '\'' + shortened(value.get_string()) + '\'';
  if (value.is_number()) return json::serialize(value);
  return "a value";
}

Names::Names(std::span<const domain::Op* const> ops, const domain::Snapshot* state) : state_(state) {
  for (const domain::Op* op : ops) ops_.emplace(std::pair(op->entity, op->id), op);
}

std::string Names::known(domain::Kind kind, domain::Id id) const {
  if (const auto found = ops_.find({kind, id}); found != ops_.end()) {
    const domain::Op& op = *found->second;
    return name_in(kind, op.after.is_null() ? op.before : op.after);
  }
  if (state_ == nullptr) return {};
  return domain::with_entity_type(kind, [&]<typename T>(std::type_identity<T>) -> std::string {
    const auto entity = state_->find<T>(id);
    if (entity == nullptr) return {};
    if constexpr (requires { entity->name; }) {
      return shortened(entity->name);
    } else {
      return shortened(entity->unique_key());
    }
  });
}

std::string Names::of(domain::Kind kind, domain::Id id) const {
  std::string name = known(kind, id);
  return name.empty() ? std::string(noun(kind)) + ' ' + std::to_string(id) : name;
}

std::string Names::full(domain::Kind kind, domain::Id id) const {
  const std::string name = known(kind, id);
  return std::string(noun(kind)) + ' ' + (name.empty() ? std::to_string(id) : name);
}

}  // namespace togglecast::service
