# Read by install.sh and firstrun.sh.
# shellcheck shell=bash disable=SC2034
device=clinic-1
host_name=clinic-1
time_zone=Asia/Shanghai
admin=''
ssh_keys=''
wifi_country=''
connection=''
camera=other
relay=''
data=card
read_only_root=yes
requirement='shouwang[edge]==0.1.0'
