# For boot.sh --run: writes on / and /boot for ever, to be cut off in the
# middle: files that grow, are renamed and removed, synced and not.
# shellcheck shell=sh
n=0
while :; do
	n=$((n + 1))
	for dir in /boot /var/tmp; do
		mkdir -p "$dir/churn/$((n % 7))"
		seq "$n" $((n + 2000)) >"$dir/churn/$((n % 7))/new"
		mv "$dir/churn/$((n % 7))/new" "$dir/churn/$((n % 7))/file-$((n % 50))"
		rm -f "$dir/churn/$(((n + 3) % 7))/file-$(((n + 3) % 50))"
		[ $((n % 5)) -ne 0 ] || sync -f "$dir/churn"
	done
	[ $((n % 25)) -ne 0 ] || echo "H2K-CHURN-$n"
done
