# Lab VPN (vpn.lab.example) by SSTP, for guest1. Windows asks for name and password at the first dial.
$ErrorActionPreference = 'Stop'
$me = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'Run this in a PowerShell that was started as administrator: it adds the lab''s authority to those of this machine'
}
$authority = [Security.Cryptography.X509Certificates.X509Certificate2]::new([Convert]::FromBase64String(@'
MIIBpzCCAU2gAwIBAgIUZZ8cVS2V/9kh4YYq/f4BwfAp4IowCgYIKoZIzj0EAwIwIDEeMBwGA1UE
AwwVbGFidnBuIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyNDA0NTgzNFoYDzIxMjYxMDMxMDQ1ODM0
WjAgMR4wHAYDVQQDDBVsYWJ2cG4gdGVzdCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAARo0le7tdNc5jwuPKZylV4x39N+JlhMh4q45kToImeWbTPwOz43dG5DoSmte9zlg2UH8eh5
LonhbB/2YHdCIczLo2MwYTAdBgNVHQ4EFgQUQ/mrgG+gEKDB1MSWcJuI3DOSvzkwHwYDVR0jBBgw
FoAUQ/mrgG+gEKDB1MSWcJuI3DOSvzkwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYw
CgYIKoZIzj0EAwIDSAAwRQIgEWeDXNNTid0y7R3WMDwQT61G7i3vj7aeHr9fCBARYgUCIQDEqd22
91bzPEqd6fXAyVo/ySS9SWlWe3YbEN9kV6jTJA==
'@))
$store = [Security.Cryptography.X509Certificates.X509Store]::new('Root', 'LocalMachine')
$store.Open('ReadWrite')
try { $store.Add($authority) } finally { $store.Close() }
$name = 'Lab VPN (vpn.lab.example) SSTP'
Get-VpnConnection -Name $name -ErrorAction SilentlyContinue | Remove-VpnConnection -Force
Add-VpnConnection -Name $name -ServerAddress 'vpn.lab.example' -TunnelType Sstp `
    -AuthenticationMethod MSChapv2 -EncryptionLevel Required -RememberCredential -Force
Set-VpnConnection -Name $name -SplitTunneling $true -Force
Add-VpnConnectionRoute -ConnectionName $name -DestinationPrefix '10.98.0.0/24'
Add-VpnConnectionRoute -ConnectionName $name -DestinationPrefix '10.50.0.0/16'
Write-Host 'Ready: dial ''Lab VPN (vpn.lab.example) SSTP'' in the network settings, as guest1.'
