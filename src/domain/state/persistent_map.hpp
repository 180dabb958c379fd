// A sorted map that never changes. `insert` and `erase` give a new map that shares all but O(log n) nodes
// with the old one. So a thousand neighbouring states need little more memory than one.
//
// It is a treap whose priorities are hashes of the keys, so a set of keys has one shape, whatever the order
// of the edits. Two versions of a map share every equal subtree, and `differences` walks only the rest.
//
// Thread rule: an immutable value; copies may be read and dropped on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace togglecast::domain {

/// `Less` orders the keys and whatever they are compared with.
template <typename Key, typename Value, typename Hash = std::hash<Key>, typename Less = std::less<>>
class PersistentMap {
 public:
  PersistentMap() = default;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// The value at `key` or nullptr. `key` is anything that compares with Key.
  template <typename K>
  [[nodiscard]] const Value* find(const K& key) const {
    const Node* node = root_.get();
    while (node != nullptr) {
      if (Less{}(key, node->key)) {
        node = node->left.get();
      } else if (Less{}(node->key, key)) {
        node = node->right.get();
      } else {
        return &node->value;
      }
    }
    return nullptr;
  }

  /// With `value` at `key`, new or replaced.
  [[nodiscard]] PersistentMap insert(Key key, Value value) const {
    const std::size_t grown = find(key) == nullptr ? size_ + 1 : size_;
    const std::uint64_t priority = priority_of(key);
    return {put(root_, std::move(key), std::move(value), priority), grown};
  }

  /// Without `key`.
  template <typename K>
  [[nodiscard]] PersistentMap erase(const K& key) const {
    if (find(key) == nullptr) return *this;
    return {remove(root_, key), size_ - 1};
  }

  /// Calls `visit(key, value)` for every entry, by ascending key.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    walk(root_.get(), visit);
  }

  /// Calls `visit(key, value)` for entries not below `first`, by ascending key, until it returns false.
  template <typename K, typename Visit>
  void for_each_from(const K& first, Visit&& visit) const {
    walk_from(root_.get(), first, visit);
  }

  /// Calls `visit(key, before, after)` for every key at which the two differ, by ascending key; nullptr means
  /// absent. The cost is about the number of edits between the two.
  template <typename Visit>
  static void differences(const PersistentMap& before, const PersistentMap& after, Visit&& visit) {
    compare(before.root_, after.root_, visit);
  }

  /// Bytes of memory, about, that `map` holds and `other` does not. The parts of one that the other shares
  /// are not walked. `weigh_key(key)` and `weigh(value, others)` add what keys and values own; `others` is
  /// the value of the same key in `other`, or nullptr, and never equal to `value`.
  template <typename WeighKey, typename Weigh>
  [[nodiscard]] static std::size_t weight_beside(const PersistentMap& map, const PersistentMap& other,
                                                 WeighKey&& weigh_key, Weigh&& weigh) {
    return own_weight(map.root_.get(), other.root_.get(), weigh_key, weigh);
  }

 private:
  struct Node;
  using Link = std::shared_ptr<const Node>;
  struct Node {
    Key key;
    Value value;
    std::uint64_t priority;
    Link left;
    Link right;
  };

  PersistentMap(Link root, std::size_t size) noexcept : root_(std::move(root)), size_(size) {}

  // std::hash of an integer is the integer itself; splitmix64's finisher makes a priority of it.
  static std::uint64_t priority_of(const Key& key) {
    std::uint64_t x = Hash{}(key) + 0x9e3779b97f4a7c15ULL;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return x ^ x >> 31;
  }

  // Equal priorities are ordered by key, so that the shape stays unique.
  static bool above(std::uint64_t priority, const Key& key, const Node& node) {
    return priority != node.priority ? priority > node.priority : Less{}(key, node.key);
  }

  static Link make(const Node& from, Link left, Link right) {
    return std::make_shared<const Node>(
        Node{from.key, from.value, from.priority, std::move(left), std::move(right)});
  }

  static Link put(const Link& tree, Key&& key, Value&& value, std::uint64_t priority) {
    if (tree == nullptr)
      return std::make_shared<const Node>(Node{std::move(key), std::move(value), priority, nullptr, nullptr});
    const bool smaller = Less{}(key, tree->key);
    if (!smaller && !Less{}(tree->key, key))
      return std::make_shared<const Node>(
          Node{std::move(key), std::move(value), priority, tree->left, tree->right});
    if (above(priority, key, *tree)) {
      auto [left, right] = split(tree, key);
      return std::make_shared<const Node>(
          Node{std::move(key), std::move(value), priority, std::move(left), std::move(right)});
    }
    if (smaller) return make(*tree, put(tree->left, std::move(key), std::move(value), priority), tree->right);
    return make(*tree, tree->left, put(tree->right, std::move(key), std::move(value), priority));
  }

  // Everything below `key`, everything above it; the entry at `key` itself is dropped.
  static std::pair<Link, Link> split(const Link& tree, const Key& key) {
    if (tree == nullptr) return {};
    if (Less{}(key, tree->key)) {
      auto [left, right] = split(tree->left, key);
      return {std::move(left), make(*tree, std::move(right), tree->right)};
    }
    if (Less{}(tree->key, key)) {
      auto [left, right] = split(tree->right, key);
      return {make(*tree, tree->left, std::move(left)), std::move(right)};
    }
    return {tree->left, tree->right};
  }

  static Link join(const Link& left, const Link& right) {
    if (left == nullptr) return right;
    if (right == nullptr) return left;
    if (above(left->priority, left->key, *right)) return make(*left, left->left, join(left->right, right));
    return make(*right, join(left, right->left), right->right);
  }

  template <typename K>
  static Link remove(const Link& tree, const K& key) {
    if (Less{}(key, tree->key)) return make(*tree, remove(tree->left, key), tree->right);
    if (Less{}(tree->key, key)) return make(*tree, tree->left, remove(tree->right, key));
    return join(tree->left, tree->right);
  }

  template <typename Visit>
  static void walk(const Node* node, Visit& visit) {
    if (node == nullptr) return;
    walk(node->left.get(), visit);
    visit(node->key, node->value);
    walk(node->right.get(), visit);
  }

  template <typename K, typename Visit>
  static bool walk_from(const Node* node, const K& first, Visit& visit) {
    if (node == nullptr) return true;
    if (!Less{}(node->key, first)) {
      if (!walk_from(node->left.get(), first, visit) || !visit(node->key, node->value)) return false;
    }
    return walk_from(node->right.get(), first, visit);
  }

  template <typename Visit>
  static void compare(const Link& before, const Link& after, Visit& visit) {
    if (before == after) return;
    if (before == nullptr || (after != nullptr && above(after->priority, after->key, *before))) {
      // The highest key of the two trees is in `after` alone.
      const auto [left, right] = split(before, after->key);
      compare(left, after->left, visit);
      visit(after->key, static_cast<const Value*>(nullptr), &after->value);
      compare(right, after->right, visit);
    } else if (after == nullptr || above(before->priority, before->key, *after)) {
      const auto [left, right] = split(after, before->key);
      compare(before->left, left, visit);
      visit(before->key, &before->value, static_cast<const Value*>(nullptr));
      compare(before->right, right, visit);
    } else {
      compare(before->left, after->left, visit);
      if (!(before->value == after->value)) visit(before->key, &before->value, &after->value);
      compare(before->right, after->right, visit);
    }
  }

  // `others` is the part of the other map that has all of its keys in the range of `node`.
  template <typename WeighKey, typename Weigh>
  static std::size_t own_weight(const Node* node, const Node* others, WeighKey& weigh_key, Weigh& weigh) {
    if (node == nullptr || node == others) return 0;
    const Node* twin = others;
    while (twin != nullptr) {
      if (Less{}(node->key, twin->key)) {
        twin = twin->left.get();
      } else if (Less{}(twin->key, node->key)) {
        twin = twin->right.get();
      } else {
        break;
      }
    }
    if (node == twin) return 0;
    constexpr std::size_t kCounters = 32;  // of the pointers, and what the allocator adds
    std::size_t bytes = sizeof(Node) + kCounters + weigh_key(node->key);
    const bool has_twin = twin != nullptr;
    if (!has_twin || !(twin->value == node->value))
      bytes += weigh(node->value, has_twin ? &twin->value : nullptr);
    const bool same_place = has_twin && twin == others;
    bytes += own_weight(node->left.get(), same_place ? twin->left.get() : others, weigh_key, weigh);
    return bytes + own_weight(node->right.get(), same_place ? twin->right.get() : others, weigh_key, weigh);
  }

  Link root_;
  std::size_t size_ = 0;
};

}  // namespace togglecast::domain
