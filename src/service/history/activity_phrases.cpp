#include "service/history/activity_phrases.hpp"

#include <algorithm>
#include <map>

#include "domain/state/op_type.hpp"

namespace togglecast::service {
namespace {

using domain::Id;
using domain::Kind;
using domain::Op;

const json::value kNull = nullptr;

const json::value& member(const json::value& body, std::string_view name) {
  const json::value* found = json::find(body, name);
  return found == nullptr ? kNull : *found;
}

Id id_in(const json::value& body, std::string_view name) {
  return domain::integer_in(member(body, name)).value_or(0);
}

// The changes to a list whose elements are named by one of their members.
struct ListChange {
  struct Element {
    const json::value* before = nullptr;
    const json::value* after = nullptr;
  };
  std::vector<Element> added, removed, changed;
  [[nodiscard]] std::size_t size() const { return added.size() + removed.size() + changed.size(); }
};

ListChange compare(const Op& op, std::string_view list, std::string_view name) {
  std::map<std::string, ListChange::Element> elements;
  for (const bool is_after : {false, true}) {
    const json::value& side = member(is_after ? op.after : op.before, list);
    if (!side.is_array()) continue;
    for (const json::value& element : side.get_array()) {
      auto& slot = elements[json::canonical(member(element, name))];
      (is_after ? slot.after : slot.before) = &element;
    }
  }
  ListChange out;
  for (const auto& [key, element] : elements) {
    if (element.before == nullptr) {
      out.added.push_back(element);
    } else if (element.after == nullptr) {
      out.removed.push_back(element);
    } else if (*element.before != *element.after) {
      out.changed.push_back(element);
    }
  }
  return out;
}

std::string this_one(const Op& op, const Names& names) { return names.full(op.entity, op.id); }

std::string renamed(const Op& op) {
  return "renamed " + std::string(noun(op.entity)) + ' ' +
         std::string(json::string_or_empty(op.before, "name")) + " to " +
         std::string(json::string_or_empty(op.after, "name"));
}

std::string switched(const Op& op, const Names& names, bool on) {
  switch (op.entity) {
    case Kind::client:
    case Kind::admin:
    case Kind::api_key:
    case Kind::issuer:
      return (on ? "activated " : "deactivated ") + this_one(op, names);
    case Kind::package:
      return (on ? "put " : "took ") + this_one(op, names) + (on ? " on sale" : " off sale");
    case Kind::platform:
    case Kind::feature:
    case Kind::segment:
    case Kind::token:
    case Kind::signing_key:
    case Kind::environment:
    case Kind::settings:
    case Kind::second_factor:
      break;
  }
  return "switched " + this_one(op, names) + (on ? " on" : " off");
}

std::string moved(const Op& op, const Names& names) {
  const Id from = id_in(op.before, "package_id");
  const Id to = id_in(op.after, "package_id");
  const std::string client = this_one(op, names);
  if (from == 0) return "put " + client + " on " + names.of(Kind::package, to);
  if (to == 0) return "took " + client + " off " + names.of(Kind::package, from);
  return "moved " + client + " from " + names.of(Kind::package, from) + " to " + names.of(Kind::package, to);
}

std::string overrides_changed(const Op& op, const Names& names) {
  const ListChange change = compare(op, "overrides", "feature_id");
  const std::string client = this_one(op, names);
  if (change.size() != 1) return "changed " + counted(change.size(), "override") + " of " + client;
  const auto feature = [&](const json::value& element) {
    return names.of(Kind::feature, id_in(element, "feature_id"));
  };
  if (!change.removed.empty())
    return "removed the override of " + feature(*change.removed.front().before) + " for " + client;
  const bool is_new = !change.added.empty();
  const json::value& set = *(is_new ? change.added : change.changed).front().after;
  std::string text =
      (is_new ? "set an override of " : "changed the override of ") + feature(set) + " for " + client;
  const bool taken_away = member(set, "removed").is_bool() && member(set, "removed").get_bool();
  text += " (" + (taken_away ? std::string("taken away") : value_text(member(set, "value")));
  const std::string_view until = json::string_or_empty(set, "expires_at");
  if (!until.empty()) text += ", until " + std::string(until);
  return text + ")";
}

std::string assignments_changed(const Op& op, const Names& names) {
  const ListChange change = compare(op, "features", "feature_id");
  const std::string package = this_one(op, names);
  const auto them = [&](const std::vector<ListChange::Element>& elements, bool are_after) {
    const auto id = [&](const ListChange::Element& one) {
      return id_in(are_after ? *one.after : *one.before, "feature_id");
    };
    if (elements.size() == 1) return names.full(Kind::feature, id(elements.front()));
    if (elements.size() > 3) return counted(elements.size(), "feature");
    std::vector<std::string> words;
    words.reserve(elements.size());
    for (const auto& one : elements) words.push_back(names.of(Kind::feature, id(one)));
    return "features " + enumeration(words);
  };
  if (change.added.size() == change.size()) return "added " + them(change.added, true) + " to " + package;
  if (change.removed.size() == change.size())
    return "removed " + them(change.removed, false) + " from " + package;
  if (change.changed.size() == change.size())
    return "changed " + them(change.changed, true) + " in " + package;
  std::vector<std::string> parts;
  for (const auto& [elements, word] :
       {std::pair{&change.added, "added"}, std::pair{&change.removed, "removed"},
        std::pair{&change.changed, "changed"}})
    if (!elements->empty()) parts.push_back(std::to_string(elements->size()) + ' ' + word);
  return "changed the features of " + package + " (" + enumeration(parts) + ")";
}

std::string sub_features_changed(const Op& op, const Names& names) {
  const ListChange change = compare(op, "sub_features", "key");
  const std::string feature = this_one(op, names);
  if (change.size() == 0) return "reordered the sub-features of " + feature;
  if (change.size() != 1) return "changed " + counted(change.size(), "sub-feature") + " of " + feature;
  const auto name = [](const json::value& sub) {
    const std::string_view text = json::string_or_empty(sub, "name");
    return std::string(text.empty() ? json::string_or_empty(sub, "key") : text);
  };
  if (!change.added.empty())
    return "added sub-feature " + name(*change.added.front().after) + " to " + feature;
  if (!change.removed.empty())
    return "removed sub-feature " + name(*change.removed.front().before) + " from " + feature;
  const auto& [before, after] = change.changed.front();
  const auto side = switched_to({Kind::feature, op.id, *before, *after});
  const std::string sub = "sub-feature " + name(*after) + " of " + feature;
  return side ? "switched " + sub + (*side ? " on" : " off") : "changed " + sub;
}

std::string token_of(const Op& op, const Names& names) {
  const json::value& body = op.after.is_null() ? op.before : op.after;
  const std::string_view label = json::string_or_empty(body, "label");
  const Kind owner = json::string_or_empty(body, "kind") == "admin" ? Kind::admin : Kind::client;
  return (label.empty() ? std::string("a token") : "token '" + std::string(label) + "'") +
         (op.before.is_null() ? " for " : " of ") + names.full(owner, id_in(body, "subject_id"));
}

std::string token_changed(const Op& op, const Names& names) {
  if (op.before.is_null()) {
    const bool login = json::string_or_empty(op.after, "kind") == "admin";
    return login ? "logged in" : "issued " + token_of(op, names);
  }
  return (op.after.is_null() ? "withdrew " : "revoked ") + token_of(op, names);
}

std::string one_member_changed(const Op& op, std::string_view changed, const Names& names) {
  const std::string subject = this_one(op, names);
  if (changed == "name") return renamed(op);
  if (changed == "price") {
    return "changed the price of " + subject + " from " + price_text(member(op.before, changed)) + " to " +
           price_text(member(op.after, changed));
  }
  if (changed == "package_id") return moved(op, names);
  if (changed == "refresh_token_reused_at")
    return "ended a session of " + subject + ", because its refresh token was used a second time";
  if (changed == "overrides") return overrides_changed(op, names);
  if (changed == "features") return assignments_changed(op, names);
  if (changed == "sub_features") return sub_features_changed(op, names);
  if (changed == "role") {
    return "changed the role of " + subject + " from " +
           std::string(json::string_or_empty(op.before, changed)) + " to " +
           std::string(json::string_or_empty(op.after, changed));
  }
  return "changed the " + std::string(word_for(changed)) + " of " + subject;
}

std::string environment_changed(const Op& op, const Names& names) {
  const std::string_view from = json::string_or_empty(op.after, "copied_from");
  if (from.empty()) return "made " + this_one(op, names);
  const json::value& clients = member(op.after, "copied_clients");
  return "copied environment " + std::string(from) +
         (clients.is_bool() && clients.get_bool() ? ", clients included," : "") + " to " +
         this_one(op, names);
}

std::string updated(const Op& op, const Names& names) {
  if (const auto side = switched_to(op)) return switched(op, names, *side);
  if (!op.before.is_object() || !op.after.is_object()) return "changed " + this_one(op, names);
  auto members = domain::changed_members(op.before.get_object(), op.after.get_object());
  if (members.empty()) return "saved " + this_one(op, names) + " again";
  if (members.size() == 1) return one_member_changed(op, members.front(), names);
  std::vector<std::string> words;
  for (const std::string& one : members)
    if (std::string word(word_for(one)); std::find(words.begin(), words.end(), word) == words.end())
      words.push_back(std::move(word));
  return "changed " + enumeration(words, 4) + " of " + this_one(op, names);
}

std::string created(const Op& op, const Names& names) {
  if (op.entity == Kind::admin)
    return "added " + this_one(op, names) + " as " + std::string(json::string_or_empty(op.after, "role"));
  std::string text = "created " + this_one(op, names);
  if (const Id package = id_in(op.after, "package_id"); op.entity == Kind::client && package != 0)
    text += " on " + names.of(Kind::package, package);
  return text;
}

}  // namespace

std::optional<bool> switched_to(const Op& op) {
  if (!domain::only_toggles(op)) return std::nullopt;
  const json::value& is = member(op.after, domain::switch_of(op.entity));
  return is.is_bool() ? std::optional(is.get_bool()) : std::nullopt;
}

std::vector<Id> removed_overrides(const Op& op) {
  std::vector<Id> features;
  if (op.before.is_null() || op.after.is_null()) return features;
  for (const auto& one : compare(op, "overrides", "feature_id").removed)
    features.push_back(id_in(*one.before, "feature_id"));
  std::sort(features.begin(), features.end());
  return features;
}

std::string phrase_of(const Op& op, const Names& names) {
  if (op.entity == Kind::environment) return environment_changed(op, names);
  if (op.entity == Kind::token) return token_changed(op, names);
  if (op.entity == Kind::settings) return "changed the settings of the installation";
  if (op.before.is_null()) return created(op, names);
  if (op.after.is_null()) return "deleted " + this_one(op, names);
  return updated(op, names);
}

}  // namespace togglecast::service
